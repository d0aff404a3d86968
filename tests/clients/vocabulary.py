"""The files that tiktoken would fetch from the network, written from splintr's vocabularies.

    python tests/clients/vocabulary.py FOLDER    (then TIKTOKEN_CACHE_DIR=FOLDER)

langchain and aiperf count with tiktoken, which has no vocabulary of its own. What is written is
equal to the service's files byte for byte, or it is not written.
"""

import base64
import hashlib
import sys
from pathlib import Path

from splintr import Tokenizer

FILES = {
    # number of tokens without the special ones, and tiktoken's checksum of the file
    "o200k_base": (
        199_998,
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        100_256,
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}


def write(folder: Path) -> None:
    """Fill a folder for TIKTOKEN_CACHE_DIR; ValueError where a vocabulary is not tiktoken's."""
    for name, (size, checksum) in FILES.items():
        token = Tokenizer.from_pretrained(name).decode_bytes
        lines = (base64.b64encode(token([n])) + b" %d\n" % n for n in range(size))
        data = b"".join(lines)
        if hashlib.sha256(data).hexdigest() != checksum:
            raise ValueError(f"splintr's {name} is not tiktoken's")
        # tiktoken names a file after its address
        address = f"https://openaipublic.blob.core.windows.net/encodings/{name}.tiktoken"
        (folder / hashlib.sha1(address.encode()).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    write(target)
