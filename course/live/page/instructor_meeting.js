// The meeting as a whole: who may still join, the answers as a file, the end.
const at = (id) => document.getElementById(id);

export function meeting({ secret, command, tell, code }) {
  at("door").addEventListener("change", () => command(at("door").checked ? "unlock" : "lock"));
  at("export").addEventListener("click", () => download({ secret, tell, name: `${code()}.csv` }));
  ending(command);
}

// The secret goes in a header, so this can't be a plain link.
async function download({ secret, tell, name }) {
  try {
    const answer = await fetch(new URL("answers.csv", location.href), {
      headers: { authorization: `Bearer ${secret}` },
    });
    if (!answer.ok) throw new Error();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    tell(`${name} is downloaded.`);
  } catch {
    tell("The answers could not be fetched; try again when there is a connection.");
  }
}

// Asked once more, on the page itself; Escape or the first button goes back.
function ending(command) {
  const ask = (on) => {
    at("sure").hidden = !on;
    at("end").hidden = on;
    at(on ? "stay" : "end").focus();
  };
  at("end").addEventListener("click", () => {
    if (at("end").getAttribute("aria-disabled") !== "true") ask(true);
  });
  at("stay").addEventListener("click", () => ask(false));
  at("sure").addEventListener("keydown", ({ key }) => key === "Escape" && ask(false));
  at("really").addEventListener("click", () => {
    ask(false);
    command("end");
  });
}
