#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pods by the CRI, as Kubernetes makes them: davit-oci and the containerd of Debian 13, unpacked beside this machine's.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/image.sh
. "$(dirname "$0")/image.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/cri.sh
. "$(dirname "$0")/cri.sh"
need_peers containerd-1.7 -- "${cri_programs[@]}"
[ -x /usr/lib/cni/bridge ] || plan skip_all 'containernetworking-plugins is not installed'
davit_env "$@"
use_peers
cri_flow '1\.7'
done_testing
