#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stack of two services in a swarm of one node, by davit-oci and Debian's dockerd of this machine.
# shellcheck source=tests/harness/lib.sh
. "$(dirname "$0")/../harness/lib.sh"
# shellcheck source=tests/runtime/peers.sh
. "$(dirname "$0")/peers.sh"
# shellcheck source=tests/runtime/docker.sh
. "$(dirname "$0")/docker.sh"
# shellcheck source=tests/runtime/swarm.sh
. "$(dirname "$0")/swarm.sh"
need_peers -- "${swarm_programs[@]}"
davit_env "$@"
use_peers
swarm_flow '[0-9]'
done_testing
