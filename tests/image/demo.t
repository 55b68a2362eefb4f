#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The image that comes with davit: there when it is first asked for, and an image as any other.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
davit_env "$@"

is "$(davit images | wc -l)" 1 'a new store is empty'
run davit run --rm davit/demo echo first
is "$status:$out" 0:first 'run of davit/demo'
is "$err" '' 'says nothing else'
like "$(davit images)" 'davit/demo +latest' 'it is an image from then on'
id=$(davit images -q)
ok 'and used again' davit run --rm davit/demo:latest true
is "$(davit images -q)" "$id" 'not imported again'
is "$(davit run --rm davit/demo stat -c %u /home/demo /bin/sh | xargs)" '1000 0' 'with the owners of its files'
ok 'it can be removed' davit rmi davit/demo
run davit create davit/demo true
is "$status" 0 'create brings it, too'
ok 'clean up' davit rm "$out"
fails 'other names are not made up' 125 davit run --rm davit/demo:2 true
like "$err" "no such image: 'davit/demo:2'" 'but told'

# not installed: an image as any other
mkdir "$TEST_DIR/libdir"
for p in davit-monitor davit-image davit-bpf davit-init; do ln -s "$DAVIT_OUT/bin/$p" "$TEST_DIR/libdir/"; done
davit rmi davit/demo >/dev/null
DAVIT_LIBDIR=$TEST_DIR/libdir fails 'without the file' 125 davit run --rm davit/demo true
like "$err" "no such image: 'davit/demo'" 'it is missing'

# 8 at once on an empty store
for i in 1 2 3 4 5 6 7 8; do davit run --rm davit/demo echo "$i" & done >"$TEST_DIR/said"
wait
is "$(sort "$TEST_DIR/said" | xargs)" '1 2 3 4 5 6 7 8' '8 at once on an empty store'
done_testing
