/* SPDX-License-Identifier: Apache-2.0 */
/* The probes behind the rows of features[]; see struct feature. */
#ifndef DAVIT_KERN_FEATURE_PROBE_H
#define DAVIT_KERN_FEATURE_PROBE_H

struct env;
struct err;
struct feature;
struct str;

#define FEATURE_PROBE(name)                                                      \
	int feature_probe_##name(const struct feature *f, const struct env *env, \
				 struct str *detail, struct err *e)

FEATURE_PROBE(capabilities); /* effective ones that a start uses */
FEATURE_PROBE(clone_into_cgroup);
FEATURE_PROBE(close_range);
FEATURE_PROBE(pidfd);
FEATURE_PROBE(openat2);
FEATURE_PROBE(namespace); /* arg: CLONE_NEW* */
FEATURE_PROBE(seccomp);
FEATURE_PROBE(mount_api);
FEATURE_PROBE(mount_setattr);
FEATURE_PROBE(overlay);
FEATURE_PROBE(overlay_lowerdir_plus);
FEATURE_PROBE(idmapped_root);
FEATURE_PROBE(idmapped_overlay);
FEATURE_PROBE(root_fs);
FEATURE_PROBE(reflink);
FEATURE_PROBE(cgroup_fs);
FEATURE_PROBE(cgroup2);
FEATURE_PROBE(cgroup_kill);
FEATURE_PROBE(controller); /* arg: enum cgroup_controller */
FEATURE_PROBE(swap_accounting);
FEATURE_PROBE(weight);
FEATURE_PROBE(bpffs);
FEATURE_PROBE(module);
FEATURE_PROBE(helper); /* the program of its name */

#endif
