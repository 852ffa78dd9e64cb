"""The benchmarks' own machinery: what is measured is what is said, and the gate can tell."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import count, gate, measure, offline, suite, table, trial
from benchmarks.catalogue import MODULES, modules, workload
from benchmarks.workload import Absent, Ours, Peer, Workload, prepared, problem
from prufrock.cli.bench import command

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=MODULES)
def each(request: pytest.FixtureRequest) -> Workload:
    return workload(request.param)


def test_every_module_of_benchmarks_is_in_the_catalogue() -> None:
    found = {
        path.relative_to(ROOT / "benchmarks").with_suffix("").as_posix().replace("/", ".")
        for path in (ROOT / "benchmarks").glob("*/[!_]*.py")
    }
    assert found == set(MODULES)


def test_names_inside_a_workload_are_its_own(each: Workload) -> None:
    takers: dict[str, Ours | Peer] = {**each.ours, **each.peers}
    assert {each.gate, each.count, *each.memory} <= set(each.cases)
    assert {case for taker in takers.values() for case in taker.cases} <= set(each.cases)
    assert all(who in takers and case in each.cases for who, case in each.heavy)
    assert all(o in each.ours and c in each.cases and p in each.peers for o, c, p in each.goals)


def test_ours_is_right_where_it_is_fast(each: Workload) -> None:
    pytest.importorskip("torch")
    for who in each.ours:
        try:
            call = prepared(each, who, each.count)
        except Absent as absent:
            pytest.skip(str(absent))
        assert each.error(problem(each, each.count), call()) < 1e-3


def test_what_is_not_here_is_absent() -> None:
    found = workload("transport.c_transform")
    with pytest.raises(Absent, match="elsewhere"):
        prepared(found, "ours", found.count, tree="elsewhere")
    with pytest.raises(Absent, match="cuda"):
        prepared(found, "NumPy", found.count, "cuda")
    assert issubclass(Absent, NotImplementedError)  # by which asv skips


def test_asv_skips_what_takes_too_long() -> None:
    found = workload("latent.transducer")
    who, case = found.heavy[0]
    with pytest.raises(Absent, match="too long"):
        suite.speed(found)().setup(who, case, "cpu")


def work(units: int) -> None:
    end = time.process_time() + 2e-4 * units
    while time.process_time() < end:
        pass


def test_ratios_are_first_over_second() -> None:
    assert measure.paired(lambda: work(3), lambda: work(1), 0.0, 4) == pytest.approx(3, rel=0.3)


def test_a_gpu_is_timed_between_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    now = iter([10.0, 30.0, 35.0])  # milliseconds of the device

    class Event:
        def __init__(self, enable_timing: bool) -> None:
            self.waited, self.at = not enable_timing, -1.0

        def record(self) -> None:
            self.at = next(now)

        def synchronize(self) -> None:
            self.waited = True

        def elapsed_time(self, later: Event) -> float:
            assert self.waited
            assert later.waited
            return later.at - self.at

    monkeypatch.setattr(torch.cuda, "Event", Event)
    measure.use("cuda")
    try:
        told = [measure.clock() for _ in range(3)]
    finally:
        measure.use("cpu")
    assert [t - told[0] for t in told] == pytest.approx([0, 0.020, 0.025])


def test_sums_keep_what_happens_every_tenth_call() -> None:
    number = itertools.count()

    def sometimes_twice() -> None:
        work(2 if next(number) % 10 == 0 else 1)

    assert measure.paired(sometimes_twice, lambda: work(1), 0.0, 20) == pytest.approx(1.1, abs=0.07)


def test_a_planted_function_works_a_tenth_more(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "done = []\n\n\ndef once(x):\n    done.append(x)\n    return x\n" + trial.TWICE.format(function="once")
    )
    spec = importlib.util.spec_from_file_location("planted", tmp_path / "planted.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert [module.once(k) for k in range(40)] == list(range(40))
    assert len(module.done) == 44


def test_planted_functions_are_there() -> None:
    for module, file, function in trial.PLANTS:
        assert module in MODULES
        assert f"\ndef {function}(" in (ROOT / "impl" / file).read_text()


def test_two_trees_live_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    for tree in (gate.HEAD, gate.BASE):
        gate.put(ROOT / "impl", tmp_path / tree)
    monkeypatch.syspath_prepend(tmp_path)
    ((name, each),) = gate.calls(["speech.frames"], small=True, trees=(gate.BASE, gate.HEAD))
    assert name == "speech.frames"
    assert bool((each[0]() == each[1]()).all())
    assert {f"{tree}.speech.frames" for tree in (gate.HEAD, gate.BASE)} <= set(sys.modules)


@pytest.mark.parametrize(
    ("ratio", "instructions", "slower"),
    [(1.0, None, False), (1.06, None, True), (1.0, 1.002, False), (1.0, 1.05, True), (0.5, 0.5, False)],
)
def test_a_cell_is_slower_by_either_measure(ratio: float, instructions: float | None, slower: bool) -> None:
    assert gate.Cell("x", ratio, instructions).slower is slower


def test_a_dump_of_callgrind_is_read(tmp_path: Path) -> None:
    (tmp_path / "out.1").write_text(
        f"version: 1\n{count.ASKED}latent.ctc[plain]\nevents: Ir\nfn=(1) f\n1 5\ntotals: 42\n"
    )
    assert count._read(tmp_path / "out.1") == ("latent.ctc[plain]", 42)


def test_the_table_says_which_goals_are_met() -> None:
    found = workload("transport.kantorovich")
    made = [table.Row("ours", "500 x 500", "POT", 0.02, 1e-13, 0.04, 2e-13, 0.8)]
    made += [table.Row("ours", "60 x 50", "POT", 2e-6, 1e-13, 1e-6, 2e-13, 0.8)]
    text = table.section(found, made)
    assert "| 500 x 500 | ours | 20 ms | 1e-13 | POT | 40 ms | 2e-13 | 0.5 | 0.8 met |" in text
    assert "| 60 x 50 | ours | 2 µs | 1e-13 | POT | 1 µs | 2e-13 | 2 | 0.8 missed |" in text


def test_published_pages_ask_no_other_host(tmp_path: Path) -> None:
    modules_, html = tmp_path / "node_modules", tmp_path / "html"
    for path in offline.FILES.values():
        (modules_ / path).parent.mkdir(parents=True, exist_ok=True)
        (modules_ / path).write_text(path)
    html.mkdir()
    page = html / "index.html"
    page.write_text(
        '<script src="https://cdn.example/x@1/md5.min.js" integrity="sha256-a=" crossorigin="anonymous"></script>'
    )
    offline.rewrite(html, modules_)
    assert page.read_text() == '<script src="vendor/md5.min.js"></script>'
    assert (html / "vendor" / "md5.min.js").read_text() == "blueimp-md5/js/md5.min.js"
    page.write_text('<script src="https://cdn.example/unknown.js"></script>')
    with pytest.raises(SystemExit, match="unknown"):
        offline.rewrite(html, modules_)


def test_patterns_choose_workloads() -> None:
    assert modules("latent.ctc") == ["latent.ctc"]
    assert modules("no such") == []


@pytest.mark.parametrize(("arguments", "says"), [([], "expected one of"), (["--smoke"], "not in the wheel")])
def test_wrong_usage(arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert says in done.output
