#!/usr/bin/env python3
"""Checks the coding rules that a script can check (CONTRIBUTING.md). Prints each finding as file:line: rule: message.

The exit status is 1 if there are findings. Each rule is a function from the sources to its findings, so that
house_rules_test.py can test each rule with a planted fault.
"""
import pathlib
import re
import subprocess
import sys
from typing import Iterator, NamedTuple


class Source(NamedTuple):
    path: str  # relative to the root of the repository
    text: str

    @property
    def lines(self):
        return self.text.split('\n')

    @property
    def suffix(self):
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def is_cpp(self):
        return self.suffix in ('.h', '.cpp')


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str


LINES_MOST = 500
LINES_WARNING = 450
FUNCTION_LINES_MOST = 60

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def includes(source):
    for number, line in enumerate(source.lines, 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def service_of(path):
    match = re.match(r'services/([a-z_]+)/', path)
    return match.group(1) if match else None


# The places where third-party headers may be included. Tests may include any header.
ALLOWED_PLACES = [
    (r'nats/', [r'common/bus/']),
    (r'hiredis/', [r'common/storage/', r'services/gateway/']),
    (r'pqxx/|libpq', [r'common/storage/', r'services/[a-z_]+/store[a-z_]*\.(h|cpp)$']),
    (r'rapidjson/', [r'common/wire/']),
    (r'prometheus/', [r'common/runtime/metrics\.cpp$']),
    # Redis identifies a script by the hash of its text. This is the only use of OpenSSL outside security and TLS.
    (r'openssl/', [r'common/security/', r'common/storage/redis\.cpp$', r'services/gateway/']),
    (r'crypt\.h$', [r'common/security/']),
    (r'toml\+\+/', [r'common/wire/mode_table\.cpp$', r'services/simulator/crowd/population_file\.cpp$']),
    (r'zstd\.h$', [r'services/matchmaker/recording/']),
    (r'boost/', [r'common/daemon/', r'services/gateway/', r'services/game_server/', r'tests/', r'sdk/cpp/tests/']),
    (r'cpprest/|pplx/', [r'sdk/cpp/src/', r'sdk/cpp/tests/', r'sdk/cpp/examples/']),
]

STANDARD_HEADER = re.compile(r'^[a-z_]+$')  # <vector>, <stop_token>; C headers are written <cmath>


# The decisions without I/O: where they stand, and what besides the standard library and contracts they may include.
PURE = re.compile(r'(services/[a-z_]+/core/|services/matchmaker/matching/)')


def rule_core_is_pure(sources) -> Iterator[Finding]:
    """Pure folders include only the standard library, common/base, common/contracts and themselves, and read no clock."""
    clock = re.compile(r'(system_clock|steady_clock|high_resolution_clock)::now|\bSystemClock\b|\bgetenv\b')
    for source in sources:
        core = PURE.match(source.path)
        if not core or not source.is_cpp:
            continue
        allowed = ('common/base/', 'common/contracts/', core.group(1))
        for number, bracket, header in includes(source):
            fine = bool(STANDARD_HEADER.match(header)) if bracket == '<' else header.startswith(allowed)
            if not fine:
                yield Finding(source.path, number, 'core', f'{header} must not be included in core/')
        for number, line in enumerate(source.lines, 1):
            if clock.search(line.split('//')[0]):
                yield Finding(source.path, number, 'core', 'the time and the settings must be arguments in core/')


def rule_services_do_not_include_each_other(sources) -> Iterator[Finding]:
    """A service does not include headers of another service, and common/ includes no service. The simulator, which is
    not a daemon, links the matchmaker's matching and recording."""
    linked = {'simulator': ('services/matchmaker/matching/', 'services/matchmaker/recording/')}
    for source in sources:
        if not source.is_cpp:
            continue
        own = service_of(source.path)
        if own is None and not source.path.startswith('common/'):
            continue
        for number, _, header in includes(source):
            other = service_of(header)
            if other and other != own and not header.startswith(linked.get(own, ('-',))):
                yield Finding(source.path, number, 'services', f'{header} belongs to another service')


# The folders of a service in the order of their dependencies: a file includes its own folder and those before it.
FLOWS = {
    'services/matchmaker/': ['matching', 'recording', 'queue', 'metrics', 'generation', 'waits', 'after_commit', 'owner', 'requests'],
    'services/matchmaker/matching/': ['ticket', 'rules', 'pool', 'teams', 'search', '', 'explain'],
    'services/simulator/': ['crowd', 'policies', 'world', 'report', 'analysis', 'commands'],
}


def rule_folders_follow_the_flow(sources) -> Iterator[Finding]:
    for source in sources:
        if not source.is_cpp:
            continue
        for root, order in FLOWS.items():
            own = folder_in(root, source.path)
            if own not in order:
                continue
            for number, _, header in includes(source):
                other = folder_in(root, header)
                if other in order and order.index(other) > order.index(own):
                    yield Finding(source.path, number, 'flow', f'{own}/ does not include {other}/')


def folder_in(root, path):
    """The folder below root in which a path stands, '' for root itself, None elsewhere."""
    if not path.startswith(root):
        return None
    folder, slash, _ = path[len(root):].partition('/')
    return folder if slash else ''


def rule_third_party_headers_are_confined(sources) -> Iterator[Finding]:
    for source in sources:
        if not source.is_cpp or source.path.startswith('tests/'):
            continue
        for number, _, header in includes(source):
            for pattern, places in ALLOWED_PLACES:
                if re.match(pattern, header) and not any(re.match(place, source.path) for place in places):
                    yield Finding(source.path, number, 'third_party', f'{header} must not be included here')


def reachable(edges, start):
    found, waiting = set(), [start]
    while waiting:
        for folder in edges.get(waiting.pop(), ()):
            if folder not in found:
                found.add(folder)
                waiting.append(folder)
    return found


def rule_folders_have_no_cycle(sources) -> Iterator[Finding]:
    """If files of a folder include files of another one, no chain of includes leads back."""
    paths = {source.path for source in sources}
    crossing = [(source.path, number, str(pathlib.PurePosixPath(source.path).parent), header,
                 str(pathlib.PurePosixPath(header).parent))
                for source in sources if source.is_cpp
                for number, bracket, header in includes(source) if bracket == '"' and header in paths]
    edges = {}
    for _, _, folder, _, other in crossing:
        if folder != other:
            edges.setdefault(folder, set()).add(other)
    leads_to = {folder: reachable(edges, folder) for folder in edges}
    for path, number, folder, header, other in crossing:
        if folder == other or folder not in leads_to.get(other, ()):
            continue
        yield Finding(path, number, 'cycle', f'includes {header}, but {other} also includes {folder}, if indirectly')


def rule_own_header_first(sources) -> Iterator[Finding]:
    paths = {source.path for source in sources}
    for source in sources:
        own = source.path[:-4] + '.h'
        if source.suffix != '.cpp' or own not in paths or source.path.startswith('sdk/'):
            continue
        first = next(includes(source), None)
        if first is None or first[2] != own:
            yield Finding(source.path, first[0] if first else 1, 'order', f'{own} must be the first include')


def rule_subjects_are_constants_of_contracts(sources) -> Iterator[Finding]:
    """A subject is written only in common/contracts. Other code uses its constant."""
    subjects = set()
    for source in sources:
        if source.path.startswith('common/contracts/'):
            subjects.update(re.findall(r'kSubject\{"([^"]+)"\}', source.text))
            subjects.update(re.findall(r'"((?:notify|events)\.[a-z_.]*)"', source.text))
    for source in sources:
        if not source.is_cpp or not source.path.startswith(('common/', 'services/')):
            continue
        if source.path.startswith('common/contracts/'):
            continue
        for number, line in enumerate(source.lines, 1):
            for literal in re.findall(r'"([^"\\]*)"', line.split(' //')[0]):
                # "notify.{player_id}" is an address in the published documents.
                if literal in subjects or re.match(r'(notify|events\.violation)\.[^{]*$', literal):
                    yield Finding(source.path, number, 'subjects', f'"{literal}" is a subject: use its constant')


def rule_keys_and_sql_are_in_stores(sources) -> Iterator[Finding]:
    store = re.compile(r'services/([a-z_]+/)+([a-z_]*store|[a-z_]*keys)\.(h|cpp)$')
    known = re.compile(r'"mm:|"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s')
    for source in sources:
        if not source.is_cpp or not source.path.startswith('services/') or store.match(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if known.search(line.split('//')[0]):
                yield Finding(source.path, number, 'store', 'Redis keys and SQL belong in the store of the service')


def rule_files_are_short(sources) -> Iterator[Finding]:
    for source in sources:
        if source.suffix not in ('.h', '.cpp', '.lua'):
            continue
        length = source.text.count('\n')
        if length >= LINES_MOST:
            yield Finding(source.path, length, 'length', f'{length} lines, at most {LINES_MOST - 1} allowed')


def rule_functions_are_short(sources) -> Iterator[Finding]:
    """Checks functions at the left margin, from the line with { to the closing brace at the left margin."""
    for source in sources:
        if not source.is_cpp or not source.path.startswith(('common/', 'services/', 'sdk/')):
            continue
        start = None
        opened = None
        for number, line in enumerate(source.lines, 1):
            if line and line[0] not in ' }#/)' and not line.startswith(('namespace', 'extern', 'using', 'template')):
                if start is None:
                    start = number
            if start is not None and opened is None and line.rstrip().endswith('{') and not line.startswith('}'):
                header = '\n'.join(source.lines[start - 1:number])
                is_function = '(' in header and not re.match(r'(class|struct|enum|union|namespace)\b', header)
                opened = start if is_function else None
                start = None
            elif start is not None and (line.rstrip().endswith(';') or not line.strip()):
                start = None
            if line.startswith('}'):
                if opened is not None and number - opened + 1 > FUNCTION_LINES_MOST:
                    yield Finding(source.path, opened, 'length',
                                  f'a function of {number - opened + 1} lines, at most {FUNCTION_LINES_MOST} allowed')
                opened = None
                start = None


def rule_tests_do_not_sleep(sources) -> Iterator[Finding]:
    sleep = re.compile(r'\b(sleep_for|sleep_until|usleep|nanosleep|clock_nanosleep)\b|(?<![\w.])sleep\s*\(')
    for source in sources:
        if not source.is_cpp or not re.match(r'(tests/(unit|contract|integration|e2e)/|sdk/cpp/tests/)', source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            if sleep.search(line.split('//')[0]):
                yield Finding(source.path, number, 'sleep', 'tests wait for a condition instead (testing::eventually)')


def rule_lua_scripts_have_a_header(sources) -> Iterator[Finding]:
    """A script starts with #!lua, so that Redis checks all of it. A fragment that scripts include does not."""
    fragments = set()
    for source in sources:
        if source.suffix == '.lua':
            fragments.update(re.findall(r'^--@include ([a-z_]+\.lua)', source.text, re.MULTILINE))
    for source in sources:
        if source.suffix != '.lua' or not source.path.startswith(('common/', 'services/')):
            continue
        is_fragment = pathlib.PurePosixPath(source.path).name in fragments
        if source.text.startswith('#!lua') == is_fragment:
            what = 'a fragment must not start with #!lua' if is_fragment else 'a script must start with #!lua'
            yield Finding(source.path, 1, 'lua', what)
        if not is_fragment and not source.text.partition('\n')[2].startswith('--'):
            yield Finding(source.path, 2, 'lua', 'the second line must be a comment that says what the script does')


def rule_headers_have_a_first_comment(sources) -> Iterator[Finding]:
    for source in sources:
        if source.suffix != '.h':
            continue
        if not source.text.startswith(('//', '/*')):
            yield Finding(source.path, 1, 'comment', 'the file must begin with a comment that says what it is for')
        if '\n#pragma once\n' not in source.text:
            yield Finding(source.path, 1, 'comment', '#pragma once is missing')


# Names of the standard library and of GoogleTest, and the headers that declare them. Builds with precompiled headers
# (ops/cmake/PrecompiledHeaders.cmake) do not notice that such a header is missing.
DECLARED_IN = {
    'algorithm': r'std::(sort|stable_sort|partial_sort|nth_element|find_if|any_of|all_of|none_of|count_if|min|max|minmax|'
                 r'clamp|lower_bound|upper_bound|equal_range|reverse|unique|transform|min_element|max_element)\(|std::ranges::',
    'array': r'std::array<', 'atomic': r'std::atomic\b', 'charconv': r'std::(from|to)_chars\(', 'chrono': r'std::chrono::',
    'cmath': r'std::(sqrt|exp|log|log2|pow|floor|ceil|round|lround|llround|isfinite|isnan|hypot|erf|erfc|fabs)\(',
    'condition_variable': r'std::condition_variable', 'cstdio': r'std::(f?printf|snprintf|fputs|fopen|FILE)\b',
    'cstdlib': r'std::(getenv|abort|exit|_Exit|strto[a-z]+)\(', 'cstring': r'std::(mem(cpy|set|cmp)|str(len|cmp|error))\(',
    'deque': r'std::deque<', 'filesystem': r'std::filesystem', 'fstream': r'std::[io]?fstream\b',
    'functional': r'std::function<', 'limits': r'std::numeric_limits<', 'map': r'std::(multi)?map<',
    'memory': r'std::(unique_ptr|shared_ptr|weak_ptr|make_unique|make_shared|enable_shared_from_this)<',
    'mutex': r'std::(mutex|lock_guard|unique_lock|scoped_lock|once_flag)\b', 'optional': r'std::(optional<|nullopt)',
    'random': r'std::(mt19937|uniform_|normal_distribution|minstd_rand)', 'set': r'std::(multi)?set<',
    'span': r'std::span<', 'sstream': r'std::[io]?stringstream\b', 'string': r'std::(string\b|to_string\()',
    'string_view': r'std::string_view\b', 'thread': r'std::(j?thread\b|this_thread)',
    'unordered_map': r'std::unordered_map<', 'variant': r'std::(variant<|visit\(|get_if<|monostate)', 'vector': r'std::vector<',
    'gtest/gtest.h': r'\b(TEST|TEST_F|EXPECT_[A-Z_]+|ASSERT_[A-Z_]+)\(', 'gmock/gmock.h': r'\b(EXPECT|ASSERT)_THAT\(',
}


def rule_headers_are_included(sources) -> Iterator[Finding]:
    """A file includes the headers of the names that it uses, itself or through other files of the repository."""
    by_path = {source.path: source for source in sources if source.is_cpp}
    known = {}

    def reached(path):
        if path not in known:
            known[path] = set()
            for _, _, header in includes(by_path[path]):
                known[path] |= {header} | (reached(header) if header in by_path else set())
            if 'gmock/gmock.h' in known[path]:
                known[path].add('gtest/gtest.h')
        return known[path]

    for source in by_path.values():
        if source.path.startswith(('sdk/', 'tests/e2e/sdk/')):
            continue  # compiled without precompiled headers
        code = re.sub(r'//.*', '', source.text)
        for header, names in DECLARED_IN.items():
            use = re.search(names, code)
            if use and header not in reached(source.path):
                yield Finding(source.path, code.count('\n', 0, use.start()) + 1, 'missing',
                              f'{use.group(0)} needs #include <{header}>')


def rule_no_coroutines(sources) -> Iterator[Finding]:
    """g++ 12.2 compiles coroutines to wrong code."""
    for source in sources:
        if not source.is_cpp:
            continue
        for number, line in enumerate(source.lines, 1):
            if re.search(r'\bco_(await|yield|return)\b', line.split('//')[0]):
                yield Finding(source.path, number, 'coroutines', 'coroutines are not allowed with this compiler')


def rule_no_todo_comments(sources) -> Iterator[Finding]:
    later = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
    for source in sources:
        if source.suffix not in ('.h', '.cpp', '.lua', '.sql', '.cmake', '.sh', '.py') or is_this_rule(source):
            continue
        for number, line in enumerate(source.lines, 1):
            if later.search(line):
                yield Finding(source.path, number, 'todo', 'TODO comments are not allowed')


def rule_no_vague_file_names(sources) -> Iterator[Finding]:
    vague = re.compile(r'(^|_)(utils?|helpers?|managers?|misc|common_stuff)(_|\.|$)')
    for source in sources:
        for part in pathlib.PurePosixPath(source.path).parts:
            if vague.search(part):
                yield Finding(source.path, 1, 'name', f'{part} does not say what the file is for')


def rule_no_machine_paths(sources) -> Iterator[Finding]:
    """Files of the repository must work on any machine."""
    place = re.compile(r'(?<![\w.$}/-])/(work|shared|root|home/[a-z]+)/')
    for source in sources:
        if is_this_rule(source):
            continue
        for number, line in enumerate(source.lines, 1):
            if place.search(line):
                yield Finding(source.path, number, 'paths', 'contains a path of one machine')


def rule_services_have_a_readme(sources) -> Iterator[Finding]:
    paths = {source.path for source in sources}
    for path in sorted(paths):
        match = re.match(r'(services/[a-z_]+)/CMakeLists\.txt$', path)
        if match and match.group(1) + '/README.md' not in paths:
            yield Finding(path, 1, 'readme', f'{match.group(1)}/README.md is missing')


def is_this_rule(source):
    return source.path.startswith('tests/contract/house/')


RULES = [value for name, value in sorted(globals().items()) if name.startswith('rule_')]


def tracked_files(root):
    """The files that git tracks. In a copy without git, all files except builds and state."""
    listed = subprocess.run(['git', 'ls-files', '-z'], cwd=root, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [path for path in listed.stdout.decode().split('\0') if path]
    skipped = {'build', '.state', '.cache', '.git', 'node_modules'}
    return [str(path.relative_to(root)) for path in sorted(root.rglob('*'))
            if path.is_file() and not skipped.intersection(path.relative_to(root).parts)]


def read_sources(root):
    sources = []
    for path in tracked_files(root):
        try:
            sources.append(Source(path, (root / path).read_text(encoding='utf-8')))
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue  # an image, or a file that is just being moved
    return sources


# Exceptions: (file, rule), and the reason.
EXCEPTIONS = {
    ('tests/integration/gateway/sockets_test.cpp', 'sleep'): 'simulates a slow daemon',
    ('tests/integration/gateway/limits_test.cpp', 'sleep'): 'simulates a daemon that hashes passwords',
    ('tests/integration/storage/redis_outage_test.cpp', 'sleep'): 'simulates a server with a slow answer',
}


def findings_of(sources):
    return sorted(finding for rule in RULES for finding in rule(sources)
                  if (finding.path, finding.rule) not in EXCEPTIONS)


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    sources = read_sources(root)
    for source in sources:
        if source.suffix in ('.h', '.cpp', '.lua') and LINES_WARNING <= source.text.count('\n') < LINES_MOST:
            print(f'{source.path}: warning: {source.text.count(chr(10))} lines, close to the limit')
    findings = findings_of(sources)
    for finding in findings:
        print(f'{finding.path}:{finding.line}: {finding.rule}: {finding.message}')
    print(f'{len(sources)} files, {len(RULES)} rules, {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
