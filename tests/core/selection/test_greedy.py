"""The greedy loop with scorers that are easy to follow by hand."""

import numpy as np

from quests_core.selection.greedy import Scorer, greedy_order


class Bounds(Scorer):
    """Scores that are bounds until refined; a pick lowers the scores of its neighbours by `cost`."""

    tolerance = 0.0

    def __init__(self, bounds, exact, cost=0.0):
        self._scores, self._exact = np.array(bounds, dtype=float), np.array(exact, dtype=float)
        self._cost, self.refined, self.added = cost, [], []

    def scores(self):
        return self._scores

    def refine(self, best, free):
        outdated = [i for i in best if self._scores[i] != self._exact[i]]
        self.refined += outdated
        self._scores[outdated] = self._exact[outdated]
        return bool(outdated)

    def add(self, frame):
        self.added.append(frame)
        for near in {frame - 1, frame + 1} & set(range(len(self._exact))):
            self._exact[near] -= self._cost


def test_the_highest_score_is_picked_and_scores_follow_each_pick():
    scorer = Bounds([9, 9, 9, 9], [1, 4, 3.5, 2], cost=2)
    assert greedy_order(scorer, 4, 4, [], "order", None).tolist() == [1, 3, 2, 0]
    assert scorer.added == [1, 3, 2], "the last pick changes no score that is needed"


def test_bounds_below_the_best_score_are_not_refined():
    scorer = Bounds([9, 5, 4, 3], [4.5, 5, 0, 0])
    assert greedy_order(scorer, 4, 2, [], "order", None).tolist() == [1, 0]
    assert scorer.refined == [0]


def test_ties_within_the_tolerance_go_to_the_lowest_index():
    scores = [0.0, 1.0, 1.0 + 1e-9, 1.0]
    scorer = Bounds(scores, scores)
    assert greedy_order(scorer, 4, 4, [], "order", None).tolist() == [2, 1, 3, 0]
    scorer.tolerance = 1e-8
    assert greedy_order(scorer, 4, 4, [], "order", None).tolist() == [1, 2, 3, 0]


def test_locked_frames_come_first_without_being_scored():
    scorer, steps = Bounds([5, 4, 3], [5, 4, 3], cost=3), []
    order = greedy_order(scorer, 3, 3, [2], "order", lambda *step: steps.append(step))
    assert order.tolist() == [2, 0, 1]
    assert scorer.added == [2, 0]
    assert steps == [("order", 1, 3), ("order", 2, 3), ("order", 3, 3)]


def test_frames_without_a_score_come_last():
    scores = [-np.inf, 1.0, -np.inf]
    assert greedy_order(Bounds(scores, scores), 3, 3, [], "order", None).tolist() == [1, 0, 2]
