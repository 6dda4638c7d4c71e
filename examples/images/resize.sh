#!/bin/sh
# Makes a smaller copy of one image: resize.sh SOURCE TARGET WIDTH
# Exit codes: 0 done, 64 wrong use, 65 the source is no image, 69 ImageMagick is missing.
set -u
[ $# -eq 3 ] || { echo "resize: say SOURCE TARGET WIDTH" >&2; exit 64; }
source=$1 target=$2 width=$3

tool=
for candidate in magick convert /usr/bin/convert; do
  if "$candidate" -version 2>/dev/null | grep -q ImageMagick; then tool=$candidate; break; fi
done
[ -n "$tool" ] || { echo "resize: ImageMagick is not installed" >&2; exit 69; }

# Written aside and renamed: who sees the target sees all of it, also after a kill in the midst.
part="$target.part.$$"
trap 'rm -f "$part"' EXIT
if ! "$tool" "$source" -resize "${width}x" "jpg:$part" 2>"$part.err"; then
  echo "resize: $source cannot be read as an image: $(head -n 1 "$part.err" | cut -c 1-200)" >&2
  rm -f "$part.err"
  exit 65
fi
rm -f "$part.err"
mv "$part" "$target"
echo "resized $source to $width pixels: $target"
