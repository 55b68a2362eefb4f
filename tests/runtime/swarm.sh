# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A swarm of one node whose services are containers of davit-oci: the flow of swarm*.t, after docker.sh.

# shellcheck disable=SC2034 # of swarm*.t
swarm_programs=("${docker_programs[@]}" iptables ip wget)

has_vxlan() { ip link add davit-vx type vxlan id 1 dstport 4790 2>/dev/null && ip link del davit-vx; }
# balances the one address of a service over its tasks; dockerd loads it
has_ipvs() { [ -e /proc/net/ip_vs ] || modprobe -qn ip_vs; }

# swarm_stack DIR MODE: two services and a secret; the address of a service is one (vip) or those of its tasks (dnsrr)
swarm_stack() {
	echo hush >"$1/secret"
	cat >"$1/stack.yml" <<-END
		version: "3.8"
		services:
		  web:
		    image: demo
		    command: ["sh", "-c", "mkdir /www && cd /www && hostname >name && env >env && exec httpd -f -p 80"]
		    hostname: "web-{{.Task.Slot}}"
		    environment: {GREETING: hello}
		    networks: [inner]
		    secrets: [word]
		    ports: [{target: 80, published: 8080, mode: host}]
		    deploy:
		      endpoint_mode: dnsrr
		      resources: {limits: {memory: 64M, cpus: "0.5"}}
		  client:
		    image: demo
		    command: ["sh", "-c", "while :; do wget -qO- http://web/name; sleep 1; done"]
		    networks: [inner]
		    deploy: {endpoint_mode: $2}
		networks: {inner: {driver: overlay}}
		secrets: {word: {file: $1/secret}}
	END
}

replicas() { [ "$(c service ls --filter "name=$1" --format '{{.Replicas}}')" = "$2" ]; }
# the container of a running task
task_of() { c ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$1" | head -1; }
is_told() { c service logs --raw "$1" 2>/dev/null | grep -qxF "$2"; }

# swarm_flow VERSION: a regular expression
swarm_flow() {
	local mode=dnsrr web pid
	has_vxlan || plan skip_all 'this kernel has no vxlan, of which overlay networks are made'
	! has_ipvs || mode=vip
	docker_begin --bridge none
	like "$(c version --format '{{.Server.Version}}')" "^($1)" 'its version'
	ok 'swarm init' c swarm init --advertise-addr 127.0.0.1
	like "$(c node ls --format '{{.Status}} {{.ManagerStatus}}')" '^Ready Leader' 'the node is ready'
	swarm_stack "$d" "$mode"
	ok 'stack deploy' c stack deploy --resolve-image never -c "$d/stack.yml" s || { docker_end; return; }
	ok 'the first service runs' wait_until 60 replicas s_web 1/1
	ok 'and the second' wait_until 60 replicas s_client 1/1
	is "$(c stack ps s --format '{{.CurrentState}}' | cut -d' ' -f1 | sort | uniq -c | xargs)" '2 Running' 'no task had failed'
	web=$(task_of s_web)
	is "$(c inspect "$web" --format '{{.HostConfig.Runtime}}')" davit 'its task is of davit-oci'
	ok 'one is asked by the other, by name' wait_until 30 is_told s_client web-1
	is "$(c exec "$(task_of s_client)" wget -qO- http://web/env | grep GREETING)" GREETING=hello 'exec in a task'
	is "$(wget -qO- http://127.0.0.1:8080/name)" web-1 'a port of the host'
	is "$(c exec "$web" cat /run/secrets/word)" hush 'a secret'
	pid=$(c inspect "$web" --format '{{.State.Pid}}')
	is "$(docker_memory_limit "$pid")" 67108864 'limits'

	ok 'a task that dies' c kill "$web"
	ok 'has a successor' wait_until 60 eval '[ -n "$(task_of s_web)" ] && [ "$(task_of s_web)" != "$web" ] && replicas s_web 1/1'
	ok 'service scale' c service scale --detach s_client=3
	ok 'there are three' wait_until 60 replicas s_client 3/3
	is "$(c ps -q --filter label=com.docker.swarm.service.name=s_client | wc -l)" 3 'containers'
	ok 'and back' c service scale --detach s_client=1
	ok 'there is one' wait_until 60 eval 'replicas s_client 1/1 && [ "$(c ps -q --filter label=com.docker.swarm.service.name=s_client | wc -l)" = 1 ]'
	# of two that want one port of the host the old must end first, which is the order that swarm has
	ok 'service update' c service update --detach --no-resolve-image --env-add GREETING=moin s_web
	ok 'replaces the task' wait_until 60 eval 'wget -qO- http://127.0.0.1:8080/env | grep -q GREETING=moin'

	ok 'a service on the network of the host' c service create --detach --no-resolve-image --name h --network host demo \
		sh -c 'readlink /proc/self/ns/net; exec sleep 1000'
	ok 'is there' wait_until 60 is_told h "$(readlink /proc/self/ns/net)"
	if [ "$mode" = vip ]; then
		ok 'one with a published port' c service create --detach --no-resolve-image --name i --publish 8081:80 --replicas 2 demo \
			sh -c 'mkdir /www && cd /www && hostname >name && exec httpd -f -p 80'
		ok 'has two tasks' wait_until 60 replicas i 2/2
		ok 'both of which answer' wait_until 30 eval \
			'[ "$(for n in 1 2 3 4 5 6; do wget -T 5 -qO- http://127.0.0.1:8081/name; done | sort -u | wc -l)" = 2 ]'
		c service rm i >/dev/null
	else
		skip 'one with a published port: this kernel has no ip_vs, which balances it' 3
	fi
	ok 'service rm' c service rm h
	ok 'stack rm' c stack rm s
	ok 'no container is left' wait_until 60 eval '[ -z "$(c ps -aq)" ]'
	ok 'no network' wait_until 30 eval '! c network inspect s_inner'
	ok 'swarm leave' c swarm leave --force
	ip link del docker_gwbridge 2>/dev/null
	docker_end
}
