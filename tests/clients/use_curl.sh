#!/bin/sh
# curl, as in the service's own documentation, against an address:
#     sh use_curl.sh http://127.0.0.1:8010/v1 FOLDER
# FOLDER holds asked.jsonl, the input of a batch. Each line of the output is an answer.
set -eu
base=$1
cd "$2"
key='Authorization: Bearer any-key'
json='Content-Type: application/json'
hello='"model":"gpt-4o-mini","messages":[
    {"role":"system","content":"You are a helpful assistant."},
    {"role":"user","content":"Hello!"}]'

show() {
    printf '%s ' "$1"
    shift
    curl --silent --show-error --max-time 20 --header "$key" --write-out ' %{http_code}\n' "$@" |
        tr '\n' ' '
    echo
}

show plain "$base/chat/completions" --header "$json" --data "{$hello}"
show stream "$base/chat/completions" --no-buffer --header "$json" \
    --data "{$hello,\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
show responses "$base/responses" --header "$json" \
    --data '{"model":"gpt-4o-mini","instructions":"You are a helpful assistant.","input":"Hello!"}'
show embeddings "$base/embeddings" --header "$json" \
    --data '{"model":"text-embedding-3-small","input":"tiktoken is great!"}'
show file "$base/files" --form purpose=batch --form file=@asked.jsonl
show error "$base/chat/completions" --header "$json" \
    --data '{"model":"gpt-9","messages":[{"role":"user","content":"Hello!"}]}'
