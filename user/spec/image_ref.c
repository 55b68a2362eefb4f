// SPDX-License-Identifier: Apache-2.0
/* Image references: parsing, normalising, short names. */
#include "spec/image_ref.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

#define DEFAULT_DOMAIN "docker.io"
#define OFFICIAL_PATH  "library/"

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

bool digest_is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return s[n] == '\0';
}

const char *digest_hex(const char *digest)
{
	if (!str_starts(digest, "sha256:") || !digest_is_hex(digest + 7, DIGEST_HEX_LEN))
		return NULL;
	return digest + 7;
}

/* One label of a host name: alphanumeric, '-' inside. */
static bool is_label(const char *s, size_t n)
{
	if (n == 0 || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool is_port(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return n >= 1 && n <= 5;
}

/* "[2001:db8::1]", without interpreting the address. */
static bool is_ipv6_literal(const char *s, size_t n)
{
	if (n < 4 || s[0] != '[' || s[n - 1] != ']')
		return false;
	for (size_t i = 1; i < n - 1; i++)
		if (!strchr("0123456789abcdefABCDEF:", s[i]))
			return false;
	return true;
}

static bool is_domain(const char *s, size_t n)
{
	const char *bracket = n && s[0] == '[' ? memchr(s, ']', n) : NULL;
	const char *colon = bracket ? bracket + 1 : memchr(s, ':', n);
	size_t host = colon ? (size_t)(colon - s) : n;

	if (host < n && (s[host] != ':' || !is_port(s + host + 1, n - host - 1)))
		return false;
	if (bracket)
		return is_ipv6_literal(s, host);
	for (size_t at = 0; at <= host;) {
		const char *dot = memchr(s + at, '.', host - at);
		size_t len = dot ? (size_t)(dot - s) - at : host - at;

		if (!is_label(s + at, len))
			return false;
		at += len + 1;
	}
	return true;
}

/* [a-z0-9]+ joined by one of . _ __ or any number of '-' */
static bool is_path_component(const char *s, size_t n)
{
	size_t i = 0;

	for (;;) {
		size_t start = i;

		while (i < n && is_lower_alnum(s[i]))
			i++;
		if (i == start)
			return false;
		if (i == n)
			return true;
		if (s[i] == '-') {
			while (i < n && s[i] == '-')
				i++;
		} else if (s[i] == '_') {
			i += i + 1 < n && s[i + 1] == '_' ? 2 : 1;
		} else if (s[i] == '.') {
			i++;
		} else {
			return false;
		}
	}
}

static bool is_path(const char *s, size_t n)
{
	for (size_t at = 0; at <= n;) {
		const char *slash = memchr(s + at, '/', n - at);
		size_t len = slash ? (size_t)(slash - s) - at : n - at;

		if (!is_path_component(s + at, len))
			return false;
		at += len + 1;
	}
	return true;
}

static bool is_tag(const char *s, size_t n)
{
	if (n == 0 || n > IMAGE_REF_TAG_MAX || !(is_alnum(s[0]) || s[0] == '_'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && !strchr("_.-", s[i]))
			return false;
	return true;
}

/* Does the first component of a name say a registry? The rule of Docker. */
static bool looks_like_domain(const char *s, size_t n)
{
	if (memchr(s, '.', n) || memchr(s, ':', n) || (n == 9 && memcmp(s, "localhost", 9) == 0))
		return true;
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			return true;
	return false;
}

/* Split @s[0..n) into domain and path, add what Docker leaves out, check both. */
static bool set_name(struct image_ref *ref, const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	const char *domain = DEFAULT_DOMAIN;
	size_t domain_len = strlen(DEFAULT_DOMAIN);
	bool is_default, is_official;

	if (slash && looks_like_domain(s, (size_t)(slash - s))) {
		domain = s;
		domain_len = (size_t)(slash - s);
		n -= domain_len + 1;
		s = slash + 1;
	}
	if (domain_len == 15 && memcmp(domain, "index.docker.io", 15) == 0) {
		domain = DEFAULT_DOMAIN;
		domain_len = strlen(DEFAULT_DOMAIN);
	}
	is_default = domain_len == strlen(DEFAULT_DOMAIN) &&
		     memcmp(domain, DEFAULT_DOMAIN, domain_len) == 0;
	is_official = is_default && !memchr(s, '/', n);
	if (n > IMAGE_REF_NAME_MAX || domain_len > IMAGE_REF_NAME_MAX ||
	    domain_len + 1 + (is_official ? strlen(OFFICIAL_PATH) : 0) + n > IMAGE_REF_NAME_MAX)
		return false;
	if (!is_domain(domain, domain_len) || !is_path(s, n))
		return false;
	(void)snprintf(ref->name, sizeof(ref->name), "%.*s/%s%.*s", (int)domain_len, domain,
		       is_official ? OFFICIAL_PATH : "", (int)n, s); /* fits: checked above */
	return true;
}

int image_ref_parse(const char *text, struct image_ref *ret, struct err *e)
{
	struct image_ref ref = { .name = "" };
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);
	const char *slash = memrchr(text, '/', len);
	const char *last = slash ? slash + 1 : text;
	const char *colon = memchr(last, ':', len - (size_t)(last - text));
	size_t name_len = colon ? (size_t)(colon - text) : len;

	if (at) {
		const char *hex = digest_hex(at + 1);

		if (!hex)
			return err_plain(e, -EINVAL, "image name '%s': '%s' is not a sha256 digest",
					 text, at + 1);
		memcpy(ref.digest, hex, DIGEST_HEX_LEN + 1);
	}
	if (colon) {
		size_t n = len - name_len - 1;

		if (!is_tag(colon + 1, n))
			return err_plain(e, -EINVAL, "image name '%s': '%.*s' is not a tag", text,
					 (int)n, colon + 1);
		memcpy(ref.tag, colon + 1, n);
	} else if (!at) {
		memcpy(ref.tag, "latest", sizeof("latest"));
	}
	if (name_len == strlen("sha256") && memcmp(text, "sha256", name_len) == 0)
		return err_plain(e, -EINVAL,
				 "image name '%s': 'sha256' stands before digests, it is no name",
				 text);
	if (name_len == DIGEST_HEX_LEN && digest_is_hex(text, DIGEST_HEX_LEN))
		return err_plain(e, -EINVAL, "'%s' is an image id, not a name", text);
	if (!set_name(&ref, text, name_len)) {
		int r = err_plain(e, -EINVAL, "'%s' is not an image name", text);

		err_hint(e, "names look like 'web', 'team/web:1.2' or 'registry.example:5000/web'; "
			    "lower case");
		return r;
	}
	*ret = ref;
	return 0;
}

static const char *join(const struct image_ref *ref, const char *name, char *buf)
{
	(void)snprintf(buf, IMAGE_REF_TEXT_MAX, "%s%s%s%s%s", name, ref->tag[0] ? ":" : "", ref->tag,
		       ref->digest[0] ? "@sha256:" : "", ref->digest); /* sized for all parts */
	return buf;
}

const char *image_ref_text(const struct image_ref *ref, char buf[static IMAGE_REF_TEXT_MAX])
{
	return join(ref, ref->name, buf);
}

const char *image_ref_short(const struct image_ref *ref, char buf[static IMAGE_REF_TEXT_MAX])
{
	const char *path = ref->name;

	if (str_starts(path, DEFAULT_DOMAIN "/")) {
		const char *slash;

		path += strlen(DEFAULT_DOMAIN "/");
		slash = strchr(path, '/');
		if (str_starts(path, OFFICIAL_PATH) && !strchr(slash + 1, '/'))
			path += strlen(OFFICIAL_PATH);
		else if (slash && looks_like_domain(path, (size_t)(slash - path)))
			path = ref->name; /* without its domain it would name another registry */
	}
	return join(ref, path, buf);
}
