#!/usr/bin/env python3
"""Tests that the alert rules of deployments/prometheus use metrics and labels that the code has."""
import pathlib
import re
import sys
import unittest

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parents[3]
RULES = ROOT / 'deployments/prometheus/alerts.yml'
METRIC = re.compile(r'\bmm_[a-z_]+\b')
REGISTERED = re.compile(r'(counter|gauge|histogram)\(\s*"(mm_[a-z_]+)"')


def rules_of(text):
    """The alerts with their lines, by name."""
    rules = {}
    for block in re.split(r'^ {6}- alert: ', text, flags=re.M)[1:]:
        name, _, rest = block.partition('\n')
        rules[name] = rest
    return rules


def registered(texts):
    """The type of each metric that the code registers."""
    return {name: kind for text in texts for kind, name in REGISTERED.findall(text)}


def problems_of(rules, metrics):
    for name, rule in rules.items():
        expr = re.search(r'^ {8}expr: (.+)$', rule, re.M)
        if not expr:
            yield f'{name} has no expr'
            continue
        used = METRIC.findall(expr.group(1))
        if not used:
            yield f'{name} uses no metric of the platform'
        for metric in used:
            if metric not in metrics:
                yield f'{name}: the code has no metric {metric}'
            elif metrics[metric] == 'counter' and not re.search(r'(increase|rate)\(' + metric + r'\b', expr.group(1)):
                yield f'{name}: {metric} only grows; use increase() or rate()'
        for part in ('labels: {severity: ', 'summary: "'):
            if part not in rule:
                yield f'{name} has no {part.split(":")[0]}'


class Alerts(unittest.TestCase):
    def test_every_rule_uses_metrics_of_the_code(self):
        texts = [file.read_text() for folder in ('common', 'services') for file in (ROOT / folder).rglob('*')
                 if file.suffix in ('.h', '.cpp')]
        rules = rules_of(RULES.read_text())
        self.assertGreaterEqual(len(rules), 10)
        self.assertEqual(list(problems_of(rules, registered(texts))), [])

    def test_faults_are_found(self):
        rule = '        expr: {}\n        labels: {{severity: page}}\n        annotations:\n          summary: "x"\n'
        metrics = {'mm_a_total': 'counter', 'mm_b': 'gauge'}

        def count(expr):
            return len(list(problems_of({'X': rule.format(expr)}, metrics)))

        self.assertEqual(count('increase(mm_a_total[5m]) > 0'), 0)
        self.assertEqual(count('mm_b > 0'), 0)
        self.assertEqual(count('mm_a_total > 0'), 1)
        self.assertEqual(count('mm_c > 0'), 1)
        self.assertEqual(count('up == 0'), 1)
        self.assertEqual(len(list(problems_of({'X': '        expr: mm_b > 0\n'}, metrics))), 2)


if __name__ == '__main__':
    unittest.main()
