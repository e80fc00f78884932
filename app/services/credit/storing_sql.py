"""The statements that keep scores (services/credit/storing.py), for one saver or thousands."""

from __future__ import annotations

from typing import Final

from app.scoring.rule import REASONS
from app.services.notifications.many import TELL_NEWS

#: Bits in which the number of a factor stands, the costliest in the lowest.
REASON_BITS: Final = 4
# Numbers of codes count from 1 on; 0, in which no list has an entry, is nothing. Without history there is no score.
# Arrays of one dimension: the points of the third saver are those from place 2 * width on.
_NEW = """
new AS MATERIALIZED (
    SELECT n.id, n.user_id, (%(states)s::varchar[])[n.status] AS status, nullif(n.score, 0) AS score,
        CASE WHEN n.score > 0 THEN n.predicted_score END AS predicted_score,
        CASE WHEN n.score > 0 THEN n.probability END AS probability,
        CASE WHEN n.score > 0 THEN %(model)s::varchar END AS model_version,
        CASE WHEN n.score > 0 THEN {points} ELSE '{{}}' END AS points,
        CASE WHEN n.score > 0 THEN array_remove(ARRAY[{reasons}], NULL) ELSE '{{}}' END AS reasons,
        {features} AS features, (%(causes)s::varchar[])[n.cause] AS cause,
        (%(causes)s::varchar[])[n.cause] = ANY(%(told_of)s::varchar[]) AS told_of,
        nullif(n.transaction_id, '00000000-0000-0000-0000-000000000000') AS transaction_id
    FROM unnest(%(ids)s::uuid[], %(users)s::uuid[], %(status)s::smallint[], %(score)s::smallint[],
        %(predicted_score)s::smallint[], %(probability)s::double precision[], %(reasons)s::integer[],
        %(cause)s::smallint[], %(transaction_id)s::uuid[]) WITH ORDINALITY
        AS n (id, user_id, status, score, predicted_score, probability, reasons, cause, transaction_id, place)
)
""".format(  # noqa: S608  constants only
    points="(%(points)s::smallint[])[%(factor_count)s * (n.place - 1) + 1 : %(factor_count)s * n.place]",
    features="(%(features)s::double precision[])[%(feature_count)s * (n.place - 1) + 1 : %(feature_count)s * n.place]",
    reasons=", ".join(
        f"(%(factors)s::varchar[])[n.reasons >> {REASON_BITS * number} & {2**REASON_BITS - 1}]"
        for number in range(REASONS)
    ),
)
_KEPT = (
    "id, user_id, as_of, cause, transaction_id, status, score, predicted_score, probability, policy_version,"
    " model_version, feature_set, points, features"
)
_KEEP = f"""
kept AS (
    INSERT INTO credit_score_history ({_KEPT})
    SELECT id, user_id, %(at)s, {{cause}}, transaction_id, status, score, predicted_score, probability, %(policy)s,
        model_version, %(feature_set)s, points, features
    FROM {{of}} WHERE changed
)
"""  # noqa: S608  constants only
# Where everything was made anew, it is another policy or another model that changed the score, if there is one.
_WHY = """CASE WHEN cause <> 'recalculation' OR before IS NULL THEN cause WHEN policy_before <> %(policy)s THEN 'policy'
        WHEN model_before IS DISTINCT FROM model_version THEN 'model' ELSE cause END"""
_NEWS = """
news AS (
    SELECT user_id, NULL::varchar AS once,
        jsonb_build_object('score', score, 'before', {before}, 'reason', cause) AS facts
    FROM {of} WHERE tells
)
"""
# Whose row there is: locked in the order of ids; one that is as of a later instant stays. By the ids as an array, of
# which PostgreSQL knows how many they are: else it takes any join to need the whole table. How many there are, and who
# has just come so far above the first score as a badge asks.
UPDATE: Final = f"""
WITH {_NEW}, old AS MATERIALIZED (
    SELECT c.user_id, c.as_of, c.status, c.score, c.predicted_score, c.probability, c.policy_version, c.model_version,
        c.features, c.first_score, c.told_score, c.told_at
    FROM credit_scores c WHERE c.user_id = ANY(%(users)s::uuid[]) ORDER BY c.user_id FOR NO KEY UPDATE
), due AS MATERIALIZED (
    SELECT n.*, o.score AS before, o.first_score, o.told_score, o.told_at, o.policy_version AS policy_before,
        o.model_version AS model_before,
        (n.status, n.score, n.predicted_score) IS DISTINCT FROM (o.status, o.score, o.predicted_score)
            OR n.score IS NOT NULL
                AND (%(policy)s, n.model_version) IS DISTINCT FROM (o.policy_version, o.model_version) AS changed,
        n.told_of AND n.score IS NOT NULL AND CASE WHEN o.told_score IS NULL THEN true
            ELSE n.status = 'scored' AND abs(n.score - o.told_score) >= %(worth_telling)s
                AND o.told_at <= %(told_before)s END AS tells
    FROM new n JOIN old o ON o.user_id = n.user_id
    WHERE o.as_of < %(at)s OR o.as_of = %(at)s
        AND (n.status, n.score, n.probability, n.features)
            IS DISTINCT FROM (o.status, o.score, o.probability, o.features)
), written AS (
    UPDATE credit_scores c SET status = d.status, score = d.score, predicted_score = d.predicted_score,
        probability = d.probability, policy_version = %(policy)s, model_version = d.model_version,
        feature_set = %(feature_set)s, points = d.points, features = d.features, reasons = d.reasons, as_of = %(at)s,
        last_updated = %(at)s,
        first_score = coalesce(d.first_score, CASE WHEN d.status = 'scored' THEN d.score END),
        told_score = CASE WHEN d.tells OR d.told_score IS NULL THEN d.score
            WHEN d.told_of THEN d.told_score ELSE d.told_score + coalesce(d.score - d.before, 0) END,
        told_at = CASE WHEN d.tells OR d.told_score IS NULL AND d.score IS NOT NULL THEN %(at)s ELSE d.told_at END
    FROM due d WHERE c.user_id = d.user_id AND c.user_id = ANY(%(users)s::uuid[])
), {_KEEP.format(of="due", cause=_WHY)}, {_NEWS.format(of="due", before="told_score")}, {TELL_NEWS}
SELECT (SELECT count(*) FROM old), (SELECT array_agg(user_id) FROM due
    WHERE score - first_score >= %(rise)s AND (before IS NULL OR before - first_score < %(rise)s))
"""  # noqa: S608
# Whose first row it is; how many there were. Who has got one meanwhile is left for another UPDATE.
ADD: Final = f"""
WITH {_NEW}, first AS MATERIALIZED (
    SELECT n.*, n.score IS NOT NULL AS changed, n.told_of AND n.score IS NOT NULL AS tells FROM new n
    WHERE NOT EXISTS (SELECT FROM credit_scores c WHERE c.user_id = n.user_id)
), added AS (
    INSERT INTO credit_scores (id, user_id, status, score, predicted_score, probability, policy_version, model_version,
        feature_set, points, features, reasons, as_of, last_updated, first_score, told_score, told_at)
    SELECT id, user_id, status, score, predicted_score, probability, %(policy)s, model_version, %(feature_set)s, points,
        features, reasons, %(at)s, %(at)s, CASE WHEN status = 'scored' THEN score END, score,
        CASE WHEN score IS NOT NULL THEN %(at)s END
    FROM first ORDER BY user_id ON CONFLICT (user_id) DO NOTHING RETURNING user_id
), own AS MATERIALIZED (
    SELECT f.* FROM first f JOIN added a ON a.user_id = f.user_id
), {_KEEP.format(of="own", cause="cause")}, {_NEWS.format(of="own", before="NULL")}, {TELL_NEWS}
SELECT count(*) FROM added
"""  # noqa: S608
#: Whether one of them has a row.
ANY: Final = "SELECT EXISTS (SELECT FROM credit_scores WHERE user_id = ANY(%(users)s::uuid[]))"
RISEN: Final = f"""
WITH new AS (
    INSERT INTO badges (id, user_id, badge_type, earned_at)
    SELECT uuid_at(%(born)s), user_id, %(badge)s, %(at)s FROM unnest(%(savers)s::uuid[]) s (user_id)
    ON CONFLICT DO NOTHING RETURNING user_id
), news AS (
    SELECT user_id, NULL::varchar AS once, %(facts)s::jsonb AS facts FROM new
), {TELL_NEWS}
SELECT user_id FROM new
"""  # noqa: S608
