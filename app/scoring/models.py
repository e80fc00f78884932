"""Kinds of models behind one small interface: how one is fitted, and how it answers.

Another kind (a TensorFlow Lite file, say) is one more ``Trainer`` in ``TRAINERS``, and a file that ``model_file`` may
read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.scoring.features import SIGNS, Column, Features

#: What models see, in the order of their columns.
NAMES: Final = tuple(SIGNS)


class Estimator(Protocol):
    """What a fitted model must do: a row of chances (late, on time) for each row of features."""

    def predict_proba(self, rows: Column) -> Column:
        """Chances, in the order of the classes."""
        ...


@dataclass(frozen=True, slots=True)
class Trainer:
    """One kind of model. ``savers``: how many there must be before it is tried."""

    kind: str
    savers: int
    boosted: bool

    def fit(self, rows: Column, on_time: NDArray[np.bool_], seed: int) -> Estimator:
        """A fitted model of this kind; the same rows and seed give the same model."""
        estimator: Any
        if self.boosted:
            # A column without any value (nobody has a loan yet) cannot be binned: a constant is never split on.
            rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
            # The automatic validation split of early stopping is random, and would leak a saver into both sides.
            estimator = HistGradientBoostingClassifier(
                max_leaf_nodes=7,
                min_samples_leaf=60,
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
        fitted: Estimator = estimator.fit(rows, on_time)
        return fitted


TRAINERS: Final[dict[str, Trainer]] = {
    trainer.kind: trainer for trainer in (Trainer("logistic", 50, False), Trainer("boosting", 200, True))
}


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
        chances = self.estimator.predict_proba(rows)[:, 1]
        if self.slope == 1.0 and self.offset == 0.0:
            return chances
        return 1 / (1 + np.exp(-(self.slope * _logit(chances) + self.offset)))


def recalibrated(model: Model, chances: Column, on_time: NDArray[np.bool_]) -> Model:
    """The model with Platt's line through ``chances``, which it gave to savers it had not seen."""
    line = LogisticRegression(C=1e6).fit(_logit(chances)[:, None], on_time)
    return Model(model.kind, model.estimator, float(line.coef_[0, 0]), float(line.intercept_[0]))


def _logit(chances: Column) -> Column:
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    logit: Column = np.log(clipped / (1 - clipped))
    return logit
