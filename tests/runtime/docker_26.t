#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# davit-oci as the runtime of Debian 13's dockerd and containerd, unpacked beside this machine's.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/docker.sh
. "$(dirname "$0")/docker.sh"
need_peers docker-26 containerd-1.7 -- "${docker_programs[@]}"
davit_env "$@"
use_peers
docker_flow '26\.'
done_testing
