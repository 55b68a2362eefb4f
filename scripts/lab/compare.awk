# SPDX-License-Identifier: Apache-2.0
# What differs between two streams of TAP or KTAP.
#	NAME_A=A NAME_B=B awk -f compare.awk -v format=text|json s=a FILE s=b FILE
# Tests are matched by name, not by number; a second one of the same name is "NAME (2)". What follows
# " # " is no part of a name. Nested tests (indented, or behind "# " after "# TAP version") are
# "PARENT: NAME". Exit status: 0 the same, 1 they differ, 2 a stream holds no test, 3 both are cut short and do not
# differ so far.

BEGIN {
	# not by -v, which takes escapes
	name_a = ENVIRON["NAME_A"]
	name_b = ENVIRON["NAME_B"]
}

{ sub(/\r$/, "") }

# blocks of YAML below a test are no tests
/^[ \t]*---[ \t]*$/ { in_yaml = 1; next }
in_yaml { if (/^[ \t]*\.\.\.[ \t]*$/) in_yaml = 0; next }

# what `davit probe` says below a result
/^# tried: .*; seen: / && count[s] && notes[s, count[s]] == "" {
	note = $0
	sub(/^# tried: .*; seen: /, "", note)
	notes[s, count[s]] = note
	next
}

# kselftest's runner prints the tests of a program as comments
/^(# )+K?TAP version/ { match($0, /^(# )+/); quoted[s] = RLENGTH; next }
/^(# )+/ {
	match($0, /^(# )+/)
	if (RLENGTH != quoted[s])
		next
	$0 = sprintf("%" RLENGTH "s", "") substr($0, RLENGTH + 1)
}

/^Bail out!/ { bail[s] = $0; sub(/^Bail out! */, "", bail[s]); has_bail[s] = 1; next }

/^1\.\.[0-9]+/ {
	plan[s] = $0
	sub(/^1\.\./, "", plan[s])
	sub(/[^0-9].*/, "", plan[s])
	if (plan[s] == 0 && toupper($0) ~ /# *SKIP/)
		add(s, 0, "skip", "the whole stream", reason($0))
	next
}

/^[ \t]*(not )?ok([ \t]|$)/ {
	match($0, /^[ \t]*/)
	indent = RLENGTH
	line = substr($0, indent + 1)
	result = line ~ /^not / ? "not ok" : "ok"
	sub(/^(not )?ok[ \t]*/, "", line)
	number = line
	sub(/[^0-9].*/, "", number)
	sub(/^[0-9]+[ \t]*/, "", line)
	sub(/^-[ \t]+/, "", line)
	note = ""
	at = hash(line)
	if (at) {
		note = substr(line, at)
		line = substr(line, 1, at - 1)
	}
	sub(/[ \t]+$/, "", line)
	gsub(/\\#/, "#", line)
	if (toupper(note) ~ /^# *SKIP/)
		result = "skip"
	else if (result == "not ok" && toupper(note) ~ /^# *TODO/)
		result = "todo"
	if (!indent)
		quoted[s] = 0
	add(s, indent, result, line == "" ? "test " number : line, reason(note))
}

# where the part behind the name begins: a # that no backslash quotes
function hash(line,	i, from) {
	for (from = 1; (i = index(substr(line, from), "#")) > 0; from += i) {
		i += from - 1
		if (i == 1 || substr(line, i - 1, 1) != "\\")
			return i
		i -= from - 1
	}
	return 0
}

function reason(note) {
	sub(/^[^#]*#[ \t]*/, "", note)
	sub(/^([Ss][Kk][Ii][Pp]|[Tt][Oo][Dd][Oo])[A-Za-z]*:?[ \t]*/, "", note)
	return note
}

# a result further left is the parent of those before it that have none yet
function add(s, indent, result, name, note,	i) {
	for (i = open[s]; i >= 1 && level[s, stack[s, i]] > indent; i--) {
		names[s, stack[s, i]] = name ": " names[s, stack[s, i]]
		level[s, stack[s, i]] = indent
	}
	if (!indent)
		open[s] = 0
	count[s]++
	names[s, count[s]] = name
	results[s, count[s]] = result
	notes[s, count[s]] = note
	level[s, count[s]] = indent
	if (!indent)
		tops[s]++
	else
		stack[s, ++open[s]] = count[s]
}

# names known, tell those of the same name apart
function settle(s,	i, name, n) {
	for (i = 1; i <= count[s]; i++) {
		name = names[s, i]
		n = ++times[s, name]
		if (n > 1)
			name = name " (" n ")"
		names[s, i] = name
		row[s, name] = i
		total[s, results[s, i]]++
	}
}

function result_of(s, name) { return ((s, name) in row) ? results[s, row[s, name]] : "-" }
function note_of(s, name) { return ((s, name) in row) ? notes[s, row[s, name]] : "" }

# a stream that ended before its plan
function is_cut(s) { return has_bail[s] || (plan[s] != "" && plan[s] + 0 != tops[s] + 0 && plan[s] > 0) }

function quote(text,	out, i, c) {
	out = ""
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "\"" || c == "\\")
			out = out "\\" c
		else if (c in control)
			out = out control[c]
		else
			out = out c
	}
	return "\"" out "\""
}

function totals_json(s, name) {
	return sprintf("{\"kernel\": %s, \"tests\": %d, \"ok\": %d, \"not_ok\": %d, \"skip\": %d, \"todo\": %d, \"complete\": %s}",
		quote(name), count[s], total[s, "ok"], total[s, "not ok"], total[s, "skip"], total[s, "todo"],
		is_cut(s) ? "false" : "true")
}

function print_json(	i) {
	for (i = 1; i < 32; i++)
		control[sprintf("%c", i)] = sprintf("\\u%04x", i)
	printf "{\n \"a\": %s,\n \"b\": %s,\n \"differences\": [", totals_json("a", name_a), totals_json("b", name_b)
	for (i = 1; i <= differ; i++)
		printf "%s\n  {\"test\": %s, \"a\": %s, \"b\": %s, \"a_note\": %s, \"b_note\": %s}", (i == 1 ? "" : ","),
			quote(list[i]), json_result("a", list[i]), json_result("b", list[i]),
			quote(note_of("a", list[i])), quote(note_of("b", list[i]))
	printf "%s]\n}\n", differ ? "\n " : ""
}

function json_result(s, name) { return ((s, name) in row) ? quote(results[s, row[s, name]]) : "null" }

function totals_text(s, name,	text) {
	text = sprintf("%s: %d test%s: %d ok, %d not ok, %d skipped", name, count[s], count[s] == 1 ? "" : "s", total[s, "ok"],
		total[s, "not ok"], total[s, "skip"])
	if (total[s, "todo"])
		text = text sprintf(", %d todo", total[s, "todo"])
	if (has_bail[s])
		text = text "; bailed out: " bail[s]
	else if (is_cut(s))
		text = text sprintf("; of a plan of %d", plan[s])
	return text
}

# mawk has no %*s
function pad(text, wide) { return sprintf("%-" (wide + 2) "s", text) }

function print_text(	i, a, b, wide, note) {
	a = length(name_a) > 16 ? "A" : name_a
	b = length(name_b) > 16 ? "B" : name_b
	if (a != name_a) print "A is " name_a
	if (b != name_b) print "B is " name_b
	wide = length(a) > 6 ? length(a) : 6
	if (length(b) > wide)
		wide = length(b)
	if (differ)
		print pad(a, wide) pad(b, wide) "test"
	for (i = 1; i <= differ; i++) {
		note = note_of("a", list[i]) == "" ? "" : "  # " a ": " note_of("a", list[i])
		if (note_of("b", list[i]) != "")
			note = note "  # " b ": " note_of("b", list[i])
		print pad(result_of("a", list[i]), wide) pad(result_of("b", list[i]), wide) list[i] note
	}
	if (differ)
		print ""
	print totals_text("a", a)
	print totals_text("b", b)
	if (!differ && is_cut("a") && is_cut("b"))
		print "no difference so far"
	else if (!differ && !is_cut("a") && !is_cut("b"))
		print "no difference"
	else
		printf "%d of %d tests differ%s\n", differ, all,
			lone["a"] + lone["b"] ? sprintf(" (%d only in %s, %d only in %s)", lone["a"], a, lone["b"], b) : ""
}

END {
	if (!count["a"] || !count["b"])
		exit 2
	settle("a")
	settle("b")
	for (i = 1; i <= count["a"]; i++) {
		all++
		name = names["a", i]
		if (results["a", i] == result_of("b", name))
			continue
		list[++differ] = name
		if (!(("b", name) in row))
			lone["a"]++
	}
	for (i = 1; i <= count["b"]; i++) {
		name = names["b", i]
		if (("a", name) in row)
			continue
		all++
		list[++differ] = name
		lone["b"]++
	}
	if (format == "json")
		print_json()
	else
		print_text()
	if (!differ && is_cut("a") && is_cut("b"))
		exit 3
	exit differ || is_cut("a") != is_cut("b") ? 1 : 0
}
