#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci as the runtime of Debian sid's dockerd and containerd 2, unpacked beside this machine's.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/docker.sh
. "$(dirname "$0")/docker.sh"
need_peers docker-28 containerd-2 -- "${docker_programs[@]}"
davit_env "$@"
use_peers
docker_flow '28\.'
done_testing
