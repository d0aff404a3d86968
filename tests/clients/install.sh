#!/usr/bin/env bash
# Installs the clients of tests/test_stock_clients.py into a folder, each where it can have the
# versions it wants; COURSE_CLIENTS tells the tests where that is:
#     tests/clients/install.sh FOLDER && COURSE_CLIENTS=FOLDER pytest tests/test_stock_clients.py
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Say where to: tests/clients/install.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
home=$(cd "$1" && pwd)
# The course's versions and the clients' may differ: that is why each has an environment of its own.
unset PIP_CONSTRAINT
export PIP_DISABLE_PIP_VERSION_CHECK=1

if ! command -v npm >/dev/null || ! command -v curl >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm curl >/dev/null
fi

python_client() {
    python3 -m venv --without-pip "$home/$1"
    python3 -m pip --python "$home/$1/bin/python" install -q --no-compile --no-deps \
        -r "$here/requirements-$1.txt"
}

node_client() {
    mkdir -p "$home/node"
    cp "$here/package.json" "$home/node/"
    npm install --prefix "$home/node" --silent --no-audit --no-fund --no-package-lock
}

python_client litellm & first=$!
python_client langchain & second=$!
node_client & third=$!
wait "$first"
wait "$second"
wait "$third"
