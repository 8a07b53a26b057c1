#!/usr/bin/env python3
"""Tests that each rule of house_rules.py accepts a good source and finds a planted fault."""
import sys
import unittest

sys.dont_write_bytecode = True

import house_rules  # noqa: E402
from house_rules import Source  # noqa: E402

CONTRACTS = Source('common/contracts/lobby.h',
                   '// Parties.\n#pragma once\n  static constexpr Subject kSubject{"lobby.get"};\n')
FRAGMENT = Source('common/protocol/queue.lua', '-- The keys.\nlocal prefix = KEYS[1]\n')
SCRIPT = Source('services/x/scripts/end.lua', '#!lua\n-- Ends it.\n--@include queue.lua\nreturn 1\n')


def header(path, body=''):
    return Source(path, '// What it is for.\n#pragma once\n' + body)


def function_of(lines):
    return 'int f() {\n' + '  g();\n' * (lines - 2) + '}\n'


# Rule, source with a planted fault, source without the fault (or None).
CASES = [
    ('core', header('services/x/core/a.h', '#include <hiredis/hiredis.h>\n'),
     header('services/x/core/a.h', '#include <vector>\n#include "services/x/core/b.h"\n')),
    ('core', header('services/x/core/a.h', '#include "common/bus/bus.h"\n'),
     header('services/x/core/a.h', '#include "common/contracts/lobby.h"\n#include "common/base/id.h"\n')),
    ('core', header('services/x/core/a.h', '#include "services/x/store.h"\n'), None),
    ('core', header('services/x/core/a.h', '#include <unistd.h>\n'), None),
    ('core', header('services/x/core/a.h', 'auto t = std::chrono::system_clock::now();\n'),
     header('services/x/core/a.h', 'int f(TimePoint now);\n')),
    ('services', header('services/x/a.h', '#include "services/y/a.h"\n'),
     header('services/x/a.h', '#include "services/x/b.h"\n')),
    ('services', header('common/bus/a.h', '#include "services/y/a.h"\n'), None),
    ('services', header('services/x/a.h', '#include "services/matchmaker/matching/plan.h"\n'),
     header('services/simulator/a.h', '#include "services/matchmaker/matching/plan.h"\n')),
    ('flow', header('services/matchmaker/queue/a.h', '#include "services/matchmaker/owner/b.h"\n'),
     header('services/matchmaker/owner/a.h', '#include "services/matchmaker/queue/b.h"\n')),
    ('flow', header('services/matchmaker/matching/pool/a.h', '#include "services/matchmaker/matching/search/b.h"\n'),
     header('services/matchmaker/matching/plan.h', '#include "services/matchmaker/matching/search/b.h"\n')),
    ('cycle', header('services/x/b.h', '#include "services/x/inner/deep/a.h"\n'),
     header('services/x/inner/b.h', '#include "services/x/a.h"\n#include "services/x/inner/deep/a.h"\n')),
    ('third_party', header('services/x/a.h', '#include <nats/nats.h>\n'),
     header('common/bus/a.h', '#include <nats/nats.h>\n')),
    ('third_party', header('services/x/service.h', '#include <pqxx/pqxx>\n'),
     header('services/x/store.h', '#include <pqxx/pqxx>\n')),
    ('missing', Source('services/x/a.cpp', '#include <map>\nstd::vector<int> v;\n'),
     Source('services/x/a.cpp', '#include <vector>\nstd::vector<int> v;  // std::map<\n')),
    ('missing', Source('tests/unit/x/a.cpp', 'TEST(A, B) {}\n'), Source('tests/unit/x/a.cpp', '#include <gmock/gmock.h>\nTEST(A, B) {}\n')),
    ('order', Source('services/x/a.cpp', '#include <vector>\n#include "services/x/a.h"\n'),
     Source('services/x/a.cpp', '#include "services/x/a.h"\n\n#include <vector>\n')),
    ('subjects', Source('services/x/a.cpp', 'bus.request("lobby.get", body);\n'),
     Source('services/x/a.cpp', 'bus.request(GetParty::kSubject.text, body);  // "lobby.get"\n')),
    ('subjects', Source('services/x/a.cpp', 'bus.publish("notify." + id, body);\n'),
     Source('services/x/a.cpp', 'address("notify.{player_id}");\n')),
    ('store', Source('services/x/a.cpp', 'redis.command({"GET", "mm:{t}:x"});\n'),
     Source('services/x/store.cpp', 'redis.command({"GET", "mm:{t}:x"});\n')),
    ('store', Source('services/x/a.cpp', 'tx.exec("SELECT 1");\n'), Source('services/x/store.cpp', 'tx.exec("SELECT 1");\n')),
    ('length', Source('services/x/a.cpp', 'x();\n' * 500), Source('services/x/a.cpp', 'x();\n' * 499)),
    ('length', Source('services/x/a.cpp', function_of(61)), Source('services/x/a.cpp', function_of(60))),
    ('length', Source('services/x/a.cpp', 'int A::f(int a,\n         int b) const {\n' + '  g();\n' * 60 + '}\n'),
     Source('services/x/a.cpp', 'namespace x {\n' + 'int f() {\n  g();\n}\n' * 30 + '}  // namespace x\n')),
    ('sleep', Source('tests/unit/x/a_test.cpp', 'std::this_thread::sleep_for(1s);\n'),
     Source('tests/unit/x/a_test.cpp', 'EXPECT_TRUE(eventually([&] { return done; }));  // not sleep_for\n')),
    ('sleep', Source('tests/integration/x/a_test.cpp', '  sleep(1);\n'), Source('tests/load/a.cpp', '  sleep(1);\n')),
    ('lua', Source('services/x/scripts/a.lua', '-- Does it.\nreturn 1\n'), SCRIPT),
    ('lua', Source('services/x/scripts/a.lua', '#!lua\nreturn 1\n'), FRAGMENT),
    ('lua', Source('common/protocol/queue.lua', '#!lua\n-- The keys.\n'), None),
    ('comment', Source('services/x/a.h', '#pragma once\n'), header('services/x/a.h')),
    ('comment', Source('services/x/a.h', '// What it is for.\n'), None),
    ('coroutines', Source('services/x/a.cpp', 'co_return 1;\n'), Source('services/x/a.cpp', '// no co_return here\n')),
    ('todo', Source('services/x/a.cpp', '// TO' + 'DO: more\n'), Source('services/x/a.cpp', '// done\n')),
    ('name', Source('services/x/string_utils.cpp', ''), Source('services/x/time_text.cpp', '')),
    ('paths', Source('ops/x', 'cd /wo' + 'rk/main\n'), Source('ops/x', 'see services/work/ and docs/work/\n')),
    ('readme', Source('services/x/CMakeLists.txt', ''), Source('services/README.md', '')),
]


class HouseRules(unittest.TestCase):
    def found(self, source):
        sources = [CONTRACTS, FRAGMENT, SCRIPT, header('services/x/a.h'),
                   header('services/x/inner/a.h', '#include "services/x/a.h"\n'),
                   header('services/x/inner/deep/a.h', '#include "services/x/a.h"\n')]
        sources = [other for other in sources if other.path != source.path] + [source]
        return {finding.rule for finding in house_rules.findings_of(sources) if finding.path == source.path}

    def test_each_fault_is_found(self):
        for rule, fault, _ in CASES:
            with self.subTest(rule=rule, fault=fault.text[:60]):
                self.assertIn(rule, self.found(fault))

    def test_good_sources_pass(self):
        for rule, _, good in CASES:
            if good is not None:
                with self.subTest(rule=rule, good=good.text[:60]):
                    self.assertNotIn(rule, self.found(good))

    def test_every_rule_has_a_case(self):
        self.assertEqual(len({rule for rule, _, _ in CASES}), len(house_rules.RULES) - 1,
                         'a rule has no case (two rules share the name "length")')


if __name__ == '__main__':
    unittest.main()
