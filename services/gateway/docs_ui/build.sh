#!/bin/sh
# Fetches Swagger UI and ReDoc, the programs of the pages /docs and /redoc. Usage: build.sh OUTPUT WORK AUTO|ON
# Swagger UI is installed with the lock file beside this script. Of ReDoc, only the one required file is taken from its
# package, because an installation as a dependency would add 97 packages. No scripts of packages are run. With AUTO, a
# failure is printed but the exit status is 0; the gateway then serves a plain list of its operations.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=$1
work=$2
mode=$3

redoc=redoc-2.5.0
redoc_sha512=36962c399d4f0fda857636cb5416495a9b6a13ee18e93914baf10ea8f526a07ec028e98f704fa1623a2d2f140d4ea56858be33d13daec482e671cf09183722f9

give_up() {
  echo "docs_ui: $1" >&2
  rm -rf "$output"
  mkdir -p "$output"
  [ "$mode" = AUTO ] && exit 0
  exit 1
}

fetch() {
  rm -rf "$work"
  mkdir -p "$work"
  cp "$here/package.json" "$here/package-lock.json" "$work/"
  cd "$work"
  npm ci --ignore-scripts --no-audit --no-fund > npm.log 2>&1 || return 1
  npm pack redoc@2.5.0 >> npm.log 2>&1 || return 1
  echo "$redoc_sha512  $redoc.tgz" | sha512sum --check --quiet || return 1
  tar -xzf "$redoc.tgz" package/bundles/redoc.standalone.js package/LICENSE
}

command -v npm > /dev/null || give_up "npm is not installed: /docs will be a plain list"
fetch || give_up "the packages could not be fetched: /docs will be a plain list (see $work/npm.log)"

rm -rf "$output"
mkdir -p "$output/docs" "$output/redoc"
swagger=$work/node_modules/swagger-ui-dist
for file in swagger-ui.css swagger-ui-bundle.js swagger-ui-standalone-preset.js favicon-32x32.png LICENSE; do
  cp "$swagger/$file" "$output/docs/"
done
cp "$work/package/bundles/redoc.standalone.js" "$work/package/LICENSE" "$output/redoc/"
# The footer of ReDoc loads a logo from another server, which the Content-Security-Policy of the pages forbids. It is
# replaced by an empty picture.
logo=https://cdn.redoc.ly/redoc/logo-mini.svg
grep -q "$logo" "$output/redoc/redoc.standalone.js" || give_up "ReDoc does not load the expected logo $logo"
sed -i "s|$logo|data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27/%3E|" "$output/redoc/redoc.standalone.js"
for file in "$output"/docs/*.js "$output"/docs/*.css "$output"/redoc/*.js; do gzip -9 -k -n "$file"; done
