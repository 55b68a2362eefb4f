# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Podman on storage of its own, with davit-oci as its runtime.

# podman_on DIR DRIVER: its configuration, which is exported; DRIVER makes cgroups. Then "${podman[@]}" COMMAND...
# conmon stays in the directory of its caller and leaves a file there when the container is out of memory: "oom"
podman_on() {
	mkdir -p "$1"/{tmp,run,storage}
	cat >"$1/containers.conf" <<-END
		[engine]
		cgroup_manager = "$2"
		events_logger = "file"
		lock_type = "file"
		runtime = "davit"
		tmp_dir = "$1/tmp"
		num_locks = 64
		runtime_supports_nocgroup = ["davit"]
		[engine.runtimes]
		davit = ["$DAVIT_OUT/bin/davit-oci"]
		[containers]
		cgroupns = "private"
	END
	cat >"$1/storage.conf" <<-END
		[storage]
		driver = "vfs"
		runroot = "$1/run"
		graphroot = "$1/storage"
	END
	export CONTAINERS_CONF=$1/containers.conf CONTAINERS_STORAGE_CONF=$1/storage.conf
	# shellcheck disable=SC2034 # of the tests beside
	podman=(env -C "$1/tmp" TMPDIR="$1/tmp" timeout "$(patience 60)" podman --root "$1/storage" --runroot "$1/run" --cgroup-manager "$2")
}
