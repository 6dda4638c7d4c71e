#!/bin/sh
# One task for each photo: resize-all.sh OUTPUT_FOLDER [WIDTH]. Needs a running `npm start`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
for photo in "$here"/photos/*; do
  name=$(basename "$photo")
  npx tss task create --name "resize $name" --label example=images --retries 1 --retry-interval 200ms --timeout 1m \
    -- "$here/resize.sh" "$photo" "$out/$name" "${2:-320}"
done
npx tss task list --label example=images
