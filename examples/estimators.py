"""pellucid in the place of scikit-learn's networks, on the tables that scikit-learn brings with it.

`MLPClassifier` and `MLPRegressor` go wherever scikit-learn's own go: into pipelines, cross-validation and searches. What
they have beside those: dropout and normalised sums, several quantiles at once, and a network that can be looked into.
Needs scikit-learn: ``pip install "pellucid[tabular]"``.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid.estimators import MLPClassifier, MLPRegressor

FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def three_tables() -> None:
    """Flowers, wines and tumours: each judged on rows that it has not learned from, beside always the same answer."""
    for load in (load_iris, load_wine, load_breast_cancer):
        X, y = load(return_X_y=True)
        network = make_pipeline(
            StandardScaler(), MLPClassifier((16,), learning_rate_init=0.02, max_iter=1000, random_state=0)
        )
        right, same = (cross_val_score(one, X, y, cv=FOLDS) for one in (network, DummyClassifier()))
        print(
            f"{load.__name__[5:]}: {len(X)} rows, {X.shape[1]} columns: {right.mean():.1%} right in {len(right)} folds, "
            f"from {right.min():.1%} to {right.max():.1%}; always the same answer: {same.mean():.1%}"
        )


def search() -> None:
    """Handwritten digits: how much dropout, found by the search that scikit-learn has for its own estimators."""
    X, y = load_digits(return_X_y=True)
    X, X_new, y, y_new = train_test_split(X / 16.0, y, test_size=0.3, stratify=y, random_state=0)
    network = MLPClassifier((64,), learning_rate_init=0.01, early_stopping=True, random_state=0)
    found = GridSearchCV(network, {"dropout": [0.0, 0.3], "activation": ["relu", "silu"]}, cv=2)
    found.fit(X, y)
    print(f"digits: {found.best_params_} is best; {found.score(X_new, y_new):.1%} of {len(X_new)} new digits right")


def interval() -> None:
    """How far a diabetes goes in a year: no single number, but between which two it lies nine times out of ten."""
    X, y = load_diabetes(return_X_y=True)
    covered, width = [], []
    for seed in range(5):
        old, new, y_old, y_new = train_test_split(X / X.std(), y, test_size=0.25, random_state=seed)
        centre, spread = y_old.mean(), y_old.std()
        network = MLPRegressor(
            hidden_layer_sizes=(8,), loss="quantile", quantile=(0.05, 0.5, 0.95), learning_rate_init=0.01, tol=1e-3,
            alpha=3.0, random_state=0,
        )  # fmt: skip
        network.fit(old, (y_old - centre) / spread)
        low, high = (network.predict_interval(new, coverage=0.9) * spread + centre).T
        covered.append(((low <= y_new) & (y_new <= high)).mean())
        width.append((high - low).mean())
    print(f"diabetes: {np.mean(covered):.1%} of new patients lie in their interval of 90%, {np.mean(width):.0f} wide;")
    print(f"          one for all patients would be {np.subtract(*np.quantile(y, [0.95, 0.05])):.0f} wide")


def look_inside() -> None:
    """The fitted network is a pellucid model: every number of one flower's answer, and of the loss."""
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = MLPClassifier((4,), learning_rate_init=0.05, max_iter=1000, random_state=0).fit(X, y).to_model()
    explanation = model.explain(X[:1], y[:1], update=False)
    print(explanation.text().partition("CHECK\n")[2])


def main() -> None:
    """All of it."""
    three_tables()
    search()
    interval()
    look_inside()


if __name__ == "__main__":
    main()
