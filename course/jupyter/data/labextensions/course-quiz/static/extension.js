// A question in a notebook that is opened later: its widget is gone with its kernel, and Jupyter
// would say "model not found". Its text is stored beside it; this shows that text instead.
(() => {
  const WIDGET = "application/vnd.jupyter.widget-view+json";
  const FIRST = -10; // before text/html, as Jupyter's own widgets are

  // What a widget's renderer draws where there is no widget is a text without any node.
  const hasFailed = (node) => !node.firstElementChild && /not found/.test(node.textContent);

  async function showStored(renderer, model, rendermime) {
    const stored = rendermime.createRenderer("text/html");
    await stored.renderModel(model);
    renderer.node.replaceChildren(stored.node);
    renderer.node.classList.remove("jupyter-widgets");
  }

  function withStored(factory, rendermime) {
    const createRenderer = (options) => {
      const renderer = factory.createRenderer(options);
      const render = renderer.renderModel.bind(renderer);
      renderer.renderModel = async (model) => {
        await render(model);
        const isStored = typeof model.data["text/html"] === "string";
        if (isStored && hasFailed(renderer.node)) await showStored(renderer, model, rendermime);
      };
      return renderer;
    };
    return { ...factory, createRenderer };
  }

  // A notebook has a renderer for widgets from the start, and gets another with its kernel.
  function prepare({ content: { rendermime } }) {
    const add = rendermime.addFactory.bind(rendermime);
    rendermime.addFactory = (factory, rank) =>
      add(factory.mimeTypes.includes(WIDGET) ? withStored(factory, rendermime) : factory, rank);
    const first = rendermime.getFactory(WIDGET);
    if (!first) return;
    rendermime.removeMimeType(WIDGET);
    rendermime.addFactory(first, FIRST);
  }

  const plugin = {
    id: "course-quiz:stored",
    autoStart: true,
    activate: ({ docRegistry }) => {
      docRegistry.addWidgetExtension("Notebook", { createNew: (panel) => prepare(panel) });
    },
  };

  (window._JUPYTERLAB ??= {})["course-quiz"] = {
    init: async () => {},
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
