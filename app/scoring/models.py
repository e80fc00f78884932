"""Kinds of models behind one small interface: how one is fitted, kept as a file, read again, and how it answers.

Another kind (a TensorFlow Lite file, say) is one more ``Trainer`` in ``TRAINERS``: ``fit`` makes anything that has
``predict_proba``, ``to_bytes`` and ``from_bytes`` turn it into a file's content and back without executing any of it.
Candidates are tried, promoted, kept, checked, served and watched by kind alone; nothing else has to know.
docs/models.md goes through one.

scikit-learn is imported at its first use: it takes a second that most processes never need.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from app.scoring import model_file
from app.scoring.features import SIGNS, Column, Features

#: What models see, in the order of their columns.
NAMES: Final = tuple(SIGNS)


class Estimator(Protocol):
    """What a fitted model must do: a row of chances (late, on time) for each row of features."""

    def predict_proba(self, rows: Column) -> Column:
        """Chances, in the order of the classes."""
        ...


class Trainer(Protocol):
    """One kind of model. ``savers``: how many there must be before it is tried."""

    @property
    def kind(self) -> str:
        """Its name, at most 16 characters."""
        ...

    @property
    def savers(self) -> int:
        """See above."""
        ...

    def fit(self, rows: Column, on_time: NDArray[np.bool_], seed: int) -> Estimator:
        """A fitted model of this kind; the same rows and seed give the same model. Days late may be NaN."""
        ...

    def to_bytes(self, estimator: Estimator) -> bytes:
        """What a file keeps of it; the same estimator gives the same bytes."""
        ...

    def from_bytes(self, data: bytes) -> Estimator:
        """The estimator again. Raises Refused for anything else, and executes nothing that ``data`` holds."""
        ...


@dataclass(frozen=True, slots=True)
class ScikitLearn:
    """Logistic regression, or ``boosted`` histogram gradient boosting whose features move it one way only."""

    kind: str
    savers: int
    boosted: bool

    def fit(self, rows: Column, on_time: NDArray[np.bool_], seed: int) -> Estimator:
        """See Trainer."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        estimator: Any
        if self.boosted:
            # A column without any value (nobody has a loan yet) cannot be binned: a constant is never split on.
            rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
            # The automatic validation split of early stopping is random, and would leak a saver into both sides.
            # Large leaves, and at each split a half of the features by lot: what one history has by accident is then
            # less of a rule for all.
            estimator = HistGradientBoostingClassifier(
                max_leaf_nodes=7,
                min_samples_leaf=100,
                max_features=0.5,
                max_iter=100,
                learning_rate=0.05,
                monotonic_cst=[SIGNS[name] for name in NAMES],
                early_stopping=False,
                random_state=seed,
            )
        else:
            # Without a loan there are no days late: the mean stands in, and a column of nothing stays one of zeros.
            estimator = make_pipeline(
                SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=1000)
            )
        with one_thread():
            fitted: Estimator = estimator.fit(rows, on_time)
        return fitted

    def to_bytes(self, estimator: Estimator) -> bytes:
        """See Trainer."""
        return model_file.dumps(estimator)

    def from_bytes(self, data: bytes) -> Estimator:
        """See Trainer."""
        estimator: Any = model_file.loads(data)
        # Parts of a model are of types that a file may hold too.
        wanted = "HistGradientBoostingClassifier" if self.boosted else "Pipeline"
        if type(estimator).__name__ != wanted:
            raise model_file.Refused("not_a_model", f"the file holds a {type(estimator).__name__}, not a {wanted}")
        found: Estimator = estimator
        return found


TRAINERS: Final[dict[str, Trainer]] = {
    trainer.kind: trainer for trainer in (ScikitLearn("logistic", 50, False), ScikitLearn("boosting", 200, True))
}


def one_thread() -> AbstractContextManager[object]:
    """Have the libraries below do their sums in this thread.

    Added up in threads they may differ in the last bit. And threads wait for each other by spinning: beside other work
    on the same cores fitting takes seven times as long with two.
    """
    limits: AbstractContextManager[object] = _threads().limit(limits=1)
    return limits


@cache
def _threads() -> Any:
    import sklearn.ensemble  # noqa: F401  those libraries are looked for among what is loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model. ``slope`` and ``offset`` recalibrate the log odds (1 and 0: as they are)."""

    kind: str
    estimator: Estimator
    slope: float = 1.0
    offset: float = 0.0

    def probabilities(self, features: Features) -> Column:
        """How likely the next period is on time, for each row."""
        if not len(features):
            return np.zeros(0)
        return self.answer(features.matrix(NAMES))

    def answer(self, rows: Column) -> Column:
        """The same for rows in the order of ``NAMES``."""
        with one_thread():
            chances = self.estimator.predict_proba(rows)[:, 1]
        if self.slope == 1.0 and self.offset == 0.0:
            return chances
        return 1 / (1 + np.exp(-(self.slope * _logit(chances) + self.offset)))


def recalibrated(model: Model, chances: Column, on_time: NDArray[np.bool_]) -> Model:
    """The model with Platt's line through ``chances``, which it gave to savers it had not seen."""
    from sklearn.linear_model import LogisticRegression

    with one_thread():
        line = LogisticRegression(C=1e6).fit(_logit(chances)[:, None], on_time)
    return Model(model.kind, model.estimator, float(line.coef_[0, 0]), float(line.intercept_[0]))


def _logit(chances: Column) -> Column:
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    logit: Column = np.log(clipped / (1 - clipped))
    return logit
