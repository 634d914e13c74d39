"""How many inputs there were is told at the end of a long run."""

from tests.fuzz.inputs import LONG, done


def pytest_terminal_summary(terminalreporter):
    if LONG and done:
        terminalreporter.section("inputs")
        for name, count in sorted(done.items()):
            terminalreporter.write_line(f"{count:>9} {name.removeprefix('test_')}")
        terminalreporter.write_line(f"{sum(done.values()):>9} in all")
