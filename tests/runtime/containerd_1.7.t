#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci as the runtime of Debian 13's containerd, unpacked beside this machine's.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/image.sh
. "$(dirname "$0")/image.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/containerd.sh
. "$(dirname "$0")/containerd.sh"
need_peers containerd-1.7 -- "${containerd_programs[@]}"
davit_env "$@"
use_peers
containerd_flow '1\.7'
done_testing
