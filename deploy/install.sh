#!/bin/sh
# Installs TSS as systemd services. Running it again upgrades; what is there and still right stays as it is.
#
#   sudo sh install.sh                  from the folder of an installed package (npm root -g)/tss, or of a built checkout
#   sudo sh install.sh --agent FILE     only the agent, from the one file that `npm run build:agent` makes
#   sudo sh install.sh --use VERSION    back to a version that was installed before
#   sudo sh install.sh --uninstall      removes programs and units; settings and data stay
#
# --root DIR works below DIR and speaks to no running systemd (images, tests).
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
package=$(dirname -- "$here")
root='' agent='' use='' uninstall=''

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --uninstall) uninstall=yes && shift && continue ;;
    --root | --agent | --use) [ $# -ge 2 ] || fail "$1 needs a value." ;;
    *) fail "\"$1\" is no option; it knows --agent FILE, --use VERSION, --uninstall and --root DIR." ;;
  esac
  case $1 in
    --root) root=$(CDPATH= cd -- "$2" && pwd) || exit 1 ;;
    --agent) agent=$2 ;;
    --use) use=$2 ;;
  esac
  shift 2
done

[ -n "$root" ] || [ "$(id -u)" = 0 ] || fail 'it makes users and services: run it as root (sudo sh install.sh).'
command -v systemd-notify > /dev/null || fail 'systemd is not here, and these are its services; see docs/operating.md for others.'

opt=$root/opt/tss
bin=$root/usr/local/bin
units=$root/etc/systemd/system
settings=$root/etc/tss
services='tss tss-coordinator tss-gateway tss-agent'

# systemctl, where there is a running systemd to speak to.
manage() {
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl "$@"; fi
}

# Writes standard input to a file, by rename, unless it says the same already.
put() {
  mkdir -p "$(dirname -- "$2")"
  cat > "$2.new"
  chmod "$1" "$2.new"
  if cmp -s "$2.new" "$2" 2> /dev/null; then rm "$2.new"; else mv "$2.new" "$2" && echo "wrote $2"; fi
}

# A program of the version that is in use.
wrap() {
  printf '#!/bin/sh\nexec /opt/tss/current/bin/node /opt/tss/current/bin/%s.cjs "$@"\n' "$1" | put 755 "$bin/$1"
}

# Points `current` to a version, in one step.
switch_to() {
  ln -sfn "$1" "$opt/current.new"
  mv -T "$opt/current.new" "$opt/current"
}

install_units() {
  for service in "$@"; do put 644 "$units/$service.service" < "$here/systemd/$service.service"; done
  put 644 "$root/usr/lib/sysusers.d/tss.conf" < "$here/systemd/tss.sysusers"
  systemd-sysusers ${root:+--root="$root"} "$root/usr/lib/sysusers.d/tss.conf"
  manage daemon-reload
}

# A file of settings that only root and the service read; one that is there is never touched.
install_settings() {
  [ ! -e "$settings/$1" ] || return 0
  { echo "# Settings of $2; docs/configuration.md lists them all. Read by systemd: NAME=value, no export."; grep '^#TSS_' "$here/../.env.example" || :; } |
    put 640 "$settings/$1"
  [ -n "$root" ] || chgrp "$3" "$settings/$1"
}

# The Node.js that npm installed beside TSS, else the one of this machine, if it is new enough.
find_node() {
  for node in "$package"/node_modules/node-*/bin/node "$(command -v node || :)"; do
    [ -x "$node" ] && "$node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 18) ? 0 : 1)' && echo "$node" && return
  done
  fail 'no Node.js 22.18 or newer is here, and npm installed none beside TSS (install with optional dependencies).'
}

install_all() {
  [ -f "$package/dist/cli/main.js" ] || fail "$package is not built: npm run build first, or install the package."
  [ -d "$package/node_modules/pg" ] || fail "$package has no modules of its own: install with npm install -g, or from a checkout."
  node=$(find_node)
  version=$("$node" -p "require('$package/package.json').version")
  new=$opt/$version.new
  rm -rf "$new"
  mkdir -p "$new"
  # Without the sources, so that the programs run what was built.
  for part in package.json bin dist node_modules LICENSE; do cp -a "$package/$part" "$new/"; done
  if [ -f "$package/package-lock.json" ]; then
    cp "$package/package-lock.json" "$new/"
    (cd "$new" && PATH=$(dirname -- "$node"):$PATH npm prune --omit=dev --ignore-scripts --offline --no-audit --no-fund --silent) ||
      echo 'the modules that only development needs could not be removed; they do no harm' >&2
  fi
  case $node in
    "$package"/*) ln -f "$new${node#"$package"}" "$new/bin/node" ;;
    *) cp "$node" "$new/bin/node" ;;
  esac
  chmod -R a+rX,go-w "$new"
  [ -n "$root" ] || chown -R root:root "$new"
  rm -rf "$opt/$version"
  mv "$new" "$opt/$version"
  switch_to "$version"
  for program in tss tss-coordinator tss-gateway tss-agent; do wrap "$program"; done
  install_units $services
  install_settings tss.env 'tss, tss-coordinator and tss-gateway' tss
  install_settings agent.env tss-agent tss-agent
  echo "TSS $version is installed. All in one process: sudo systemctl start tss"
}

install_agent() {
  [ -x "$agent" ] || fail "$agent is no program: npm run build:agent makes one."
  put 755 "$bin/tss-agent" < "$agent"
  install_units tss-agent
  install_settings agent.env tss-agent tss-agent
  echo "The agent is installed. Name the coordinator and the key in /etc/tss/agent.env, then: sudo systemctl enable --now tss-agent"
}

remove_all() {
  for service in $services; do
    [ ! -e "$units/$service.service" ] || manage disable --now "$service"
    rm -f "$units/$service.service" "$bin/$service"
  done
  rm -rf "$opt"
  rm -f "$root/usr/lib/sysusers.d/tss.conf"
  manage daemon-reload
  echo 'TSS is removed. Kept: the settings in /etc/tss, the data in /var/lib/tss and /var/lib/tss-agent, and the users tss and tss-agent.'
}

if [ -n "$uninstall" ]; then remove_all
elif [ -n "$use" ]; then
  [ -d "$opt/$use" ] || fail "version $use is not in $opt; there is: $(ls "$opt" 2> /dev/null | grep -v current | tr '\n' ' ')"
  switch_to "$use"
  echo "TSS $use is in use from the next start of each service: sudo systemctl restart tss"
elif [ -n "$agent" ]; then install_agent
else install_all
fi
