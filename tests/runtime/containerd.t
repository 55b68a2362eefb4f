#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci as the runtime of Debian's containerd of this machine.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/image.sh
. "$(dirname "$0")/image.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/containerd.sh
. "$(dirname "$0")/containerd.sh"
need_peers -- "${containerd_programs[@]}"
davit_env "$@"
use_peers
containerd_flow '[12]\.'
done_testing
