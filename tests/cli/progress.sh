# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# progress.sh - progress on a terminal, in a log and as JSON

make_corpus() {
    py <<'E'
items = [{"id": str(i), "audio": DEMO + "/clips/perc_bell.wav", "caption": "a bell"}
         for i in range(6 if is_sanitizer_build() else 24)]
items.insert(3, {"id": "gone", "audio": "absent.wav", "caption": "x"})
write_jsonl("manifest.jsonl", items)
E
}

# A log: every line has a date, and there are no control characters.
test_log() {
    make_corpus
    generate --corpus manifest.jsonl --out set
    if grep -v -E "^$DATE (note|reject): |^$DATE [0-9]+ of [0-9]+ entries" "$WORK/stderr"; then
        fail "a line without a date"
    fi
    if grep -q "$(printf '[\r\033]')" "$WORK/stderr"; then fail "control characters in a log"; fi
    grep -q -E "^$DATE reject: entry 'gone': " "$WORK/stderr" || fail "the reject is not shown"
    assert_stdout "purity "
    assert_stdout "time: reading "
    assert_stdout "1 reject: 1 missing"
}

test_quiet() {
    make_corpus
    generate --corpus manifest.jsonl --out set --quiet
    [ ! -s "$WORK/stderr" ] || fail "not quiet: $(head -n 1 "$WORK/stderr")"
    [ ! -s "$WORK/stdout" ] || fail "not quiet: $(head -n 1 "$WORK/stdout")"
}

test_json() {
    make_corpus
    generate --corpus manifest.jsonl --out set --progress json --chunk 5
    py <<'E'
events = [json.loads(line) for line in open("stderr", encoding="utf-8")]
kinds = [e["event"] for e in events]
assert set(kinds) == {"note", "progress", "reject"}, kinds
n = sum(1 for _ in open("manifest.jsonl"))
progress = [e for e in events if e["event"] == "progress"]
first, last = progress[0], progress[-1]
assert first["entries"] == 0 and first["entries_total"] == n, first
assert last["entries"] == n and last["rows"] == n - 1 and last["rejects"] == 1, last
assert last["chunks"] == last["chunks_total"] == (n + 4) // 5, last
reject, = [e for e in events if e["event"] == "reject"]
assert reject["entry"] == "gone" and reject["reason"] == "missing" and reject["text"], reject
E
}

# Every line is one write, as log and as JSON, since many processes may share one log. Such a socket
# keeps the boundaries of writes.
test_lines_are_whole() {
    make_corpus
    py <<'E'
import socket

def messages(*options):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen([PATINA, "generate", *options], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=theirs)
    theirs.close()
    said = []
    while message := ours.recv(1 << 16):
        said.append(message)
    return process.wait(), said

run = ["--corpus", "manifest.jsonl", "--model", MINI, "--threads", "1", "--chunk", "5"]
for options, wanted in ((["--out", "set"], b"reject: entry 'gone': "),
                        (["--out", "set.json", "--progress", "json"], b'"entry": "gone"')):
    status, said = messages(*run, *options)
    assert status == 0, said
    assert any(wanted in message for message in said), said
    assert all(message.count(b"\n") == 1 and message.endswith(b"\n") for message in said), said
status, said = messages("--corpus", "ab\x1bsent", "--model", MINI, "--out", "none")
assert status == 1 and len(said) == 1 and said[0].startswith(b"patina: "), said
E
}

# A terminal: one status line that fits its width, in colours unless NO_COLOR is set, erased at the end.
test_terminal() {
    make_corpus
    py <<'E'
import fcntl, pty, re, termios

def run(columns, **environment):
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = dict({k: v for k, v in os.environ.items() if k != "NO_COLOR"}, TERM="xterm",
                       **environment)
    process = subprocess.Popen([PATINA, "generate", "--corpus", "manifest.jsonl", "--model", MINI,
                                "--out", f"set-{columns}-{len(environment)}", "--variants", "6",
                                "--threads", "1"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=other,
                               env=environment)
    os.close(other)
    said = b""
    while True:
        try:
            block = os.read(main, 65536)
        except OSError: # the other end is closed
            break
        if not block:
            break
        said += block
    assert process.wait() == 0, said
    return said.decode()

def lines_of(said):
    """The contents of the status line over time, without colours."""
    shown = [re.split(r"[\r\n]", part)[0] for part in said.split("\r\033[K")[1:]]
    return [re.sub(r"\033\[[0-9;]*m", "", line) for line in shown if "entries" in line]

said = run(100)
lines = lines_of(said)
assert len(lines) >= 2, said
assert all(len(line) <= 99 for line in lines), lines
assert all(re.match(r"\[#* *\] \d+ of \d+ entries, \d+ rows", line) for line in lines), lines
assert "\033[36m" in said and "\033[33mreject:" in said
assert said.endswith("\r\033[K"), repr(said[-80:])

narrow = lines_of(run(30))
assert narrow and all(len(line) <= 29 and "entries" in line for line in narrow), narrow

plain = run(100, NO_COLOR="1")
assert not re.search(r"\033\[[0-9;]*m", plain) and lines_of(plain), plain[:300]
E
}
