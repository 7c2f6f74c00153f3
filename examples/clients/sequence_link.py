"""An optimal policy of a steady state at work in SeQUeNCe (pip install 'lpdistill[clients]'), and the rate that it has.

Two nodes of SeQUeNCe with memories, classical channels and its BBPSSW protocol, whose two instances send each other
their outcomes.  Generation is an event with a coin; everything that comes after is SeQUeNCe's.  Beside the optimal
policy, the rule of its resource manager decides: purify pairs of equal fidelity until they meet the target.

Prints pairs per unit of time with the standard error of batch means; the number of units of time may be given.
"""

import sys
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
from sequence.components.memory import Memory
from sequence.components.optical_channel import ClassicalChannel
from sequence.constants import BELL_DIAGONAL_STATE_FORMALISM
from sequence.entanglement_management.purification.bbpssw_bds import BBPSSW_BDS
from sequence.kernel.event import Event
from sequence.kernel.process import Process
from sequence.kernel.timeline import Timeline
from sequence.resource_management.action_condition_set import ep_rule_condition_request
from sequence.resource_management.memory_manager import MemoryInfo
from sequence.topology.node import Node

from lpdistill import Problem, Throughput, throughput

UNIT = 10**9
"""A unit of time, in picoseconds."""

BATCHES = 40

Decision = tuple[list[tuple[int, int]], list[int]]
"""Which memories are distilled, the one that is kept first, and on which generation is attempted."""


class Station(Node):
    """A node with memories, which it manages itself."""

    def __init__(self, name: str, timeline: Timeline, problem: Problem, seed: int) -> None:
        super().__init__(name, timeline, seed=seed)
        self.gate_fid = self.meas_fid = 1.0
        self.resource_manager = self
        memories = [Memory(f"{name}.{i}", timeline, float(problem.f0), 0, 1, -1, 500) for i in range(problem.memories)]
        self.infos = [MemoryInfo(memory, i) for i, memory in enumerate(memories)]

    def update(self, _protocol: BBPSSW_BDS, memory: Memory, state: str) -> None:
        """What a protocol tells the resource manager."""
        info = next(one for one in self.infos if one.memory is memory)
        if state == MemoryInfo.RAW:
            info.to_raw()
        else:
            info.state, info.fidelity = state, memory.fidelity


class Link:
    """Two stations that take one step after the other."""

    def __init__(self, problem: Problem, decide: Callable[[list[MemoryInfo]], Decision], units: int) -> None:
        self.problem, self.decide = problem, decide
        self.timeline = Timeline(units * UNIT, formalism=BELL_DIAGONAL_STATE_FORMALISM)
        self.times = [int(time * UNIT) for time in (problem.generation_time, problem.distillation_time)]
        self.stations = [Station(name, self.timeline, problem, seed) for seed, name in enumerate(("alice", "bob"))]
        for here, there in (self.stations, self.stations[::-1]):
            channel = ClassicalChannel(f"{here.name} to {there.name}", self.timeline, 0, self.times[1] - 1)
            channel.set_ends(here, there.name)
        self.delivered: list[int] = []

    def run(self) -> np.ndarray:
        """When pairs are delivered, in units of time."""
        self.timeline.init()
        self.step()
        self.timeline.run()
        return np.array(self.delivered) / UNIT

    def step(self) -> None:
        """Begin what is decided."""
        alice = self.stations[0]
        couples, tries = self.decide(alice.infos)
        for kept, measured in couples:
            self.purify(kept, measured)
        made = [i for i in tries if alice.get_generator().random() < float(self.problem.p)]
        end = self.timeline.now() + self.times[bool(couples)]
        self.timeline.schedule(Event(end, Process(self, "end", [made])))

    def purify(self, kept: int, measured: int) -> None:
        """Start SeQUeNCe's protocol at both stations."""
        protocols = []
        for station in self.stations:
            memories = [station.infos[i].memory for i in (kept, measured)]
            protocols.append(BBPSSW_BDS(station, f"purify {kept} {measured} at {station.name}", *memories))
        for protocol, other in (protocols, protocols[::-1]):
            names = [memory.name for memory in other.memories]
            protocol.set_others(other.name, other.owner.name, names)
            protocol.owner.protocols.append(protocol)
        for protocol in protocols:
            protocol.start()

    def end(self, made: list[int]) -> None:
        """End a step: raw pairs are there, and what meets the target is delivered."""
        raw, alice = float(self.problem.f0), self.stations[0]
        for i in made:
            keys = [station.infos[i].memory.qstate_key for station in self.stations]
            self.timeline.quantum_manager.set(keys, [raw, *[(1 - raw) / 3] * 3])
            for station, other in (self.stations, self.stations[::-1]):
                info = station.infos[i]
                info.state, info.fidelity, info.memory.fidelity = MemoryInfo.ENTANGLED, raw, raw
                info.remote_node, info.remote_memo = other.name, other.infos[i].memory.name
        for i, info in enumerate(alice.infos):
            if info.fidelity >= float(self.problem.target):
                self.delivered.append(self.timeline.now())
                for station in self.stations:
                    station.infos[i].to_raw()
        for station in self.stations:
            station.protocols.clear()
        self.step()


def optimal(rate: Throughput) -> Callable[[list[MemoryInfo]], Decision]:
    """Who decides as the policy of a rate does, which randomises nowhere."""
    actions = {row.counts: row.decisions[0].action for row in rate.rows()}
    levels = [float(level.fidelity) for level in rate.problem.levels]

    def decide(infos: list[MemoryInfo]) -> Decision:
        held: list[list[int]] = [[] for _ in levels]
        for info in infos:
            if info.fidelity:
                held[int(np.argmin([abs(level - info.fidelity) for level in levels]))].append(info.index)
        action = actions[tuple(map(len, held))]
        couples = [(held[better].pop(), held[worse].pop()) for worse, better in action.distil]
        return couples, [info.index for info in infos if not info.fidelity][: action.generate]

    return decide


def equal_pairs(problem: Problem) -> Callable[[list[MemoryInfo]], Decision]:
    """Who decides by the condition of SeQUeNCe's rule for purification, and generates wherever that is possible."""
    target = SimpleNamespace(fidelity=float(problem.target))

    def decide(infos: list[MemoryInfo]) -> Decision:
        free, couples = list(infos), []
        terms = {"memory_indices": range(len(infos)), "reservation": target, "purification_mode": "until_target"}
        for info in infos:
            found = ep_rule_condition_request(info, free, terms) if info in free else []
            if found:
                couples.append((found[0].index, found[1].index))
                free = [one for one in free if one not in found]
        return couples, [info.index for info in infos if not info.fidelity]

    return decide


def estimated(times: np.ndarray, units: int) -> tuple[float, float]:
    """Deliveries per unit of time, and the standard error of batch means; a tenth at the beginning is left out."""
    counts, _ = np.histogram(times, np.linspace(units / 10, units, BATCHES + 1))
    rates = counts * BATCHES / (0.9 * units)
    return float(rates.mean()), float(rates.std(ddof=1) / BATCHES**0.5)


def main(units: int = 20_000) -> None:
    """Compare both with what is predicted."""
    problem = Problem(p="0.5", memories=4, f0="0.75", target="0.79")
    rate = throughput(problem)
    print(f"predicted             {rate.gain:.6f}")
    for name, decide in {"optimal policy": optimal(rate), "equal fidelities": equal_pairs(problem)}.items():
        mean, error = estimated(Link(problem, decide, units).run(), units)
        print(f"{name:<20}  {mean:.6f} +- {1.96 * error:.6f}  ({(mean - rate.gain) / error:+.1f} standard errors)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
