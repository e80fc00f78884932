"""Rows of every table that the console lists, as many as are asked for, over 150 days.

Savers with a jar, a movement, a score that changed twice, a loan, a letter, a paper and a request each; the same id
names what belongs together. Of what is rare there are two hundred, however many rows: a page of it is as long.
"""

from __future__ import annotations

FILL = """
SET session_replication_role = replica;
CREATE TEMP TABLE made AS SELECT n, n %% (%(rows)s / 200) AS rare,
    timestamptz '2026-01-01' + n * (interval '150 days' / %(rows)s) AS at,
    (to_char(n, 'FM00000000') || '-0000-7000-8000-000000000000')::uuid AS id FROM generate_series(1, %(rows)s) n;
INSERT INTO users (id, name, email, email_key, phone, time_zone, status, role, kyc_status, created_at)
SELECT id, 'Saver ' || n, 's' || n || '@example.com', 's' || n || '@example.com', '+919' || lpad(n::text, 9, '0'),
    'Asia/Kolkata', CASE WHEN rare = 7 THEN 'suspended' ELSE 'active' END, 'saver',
    CASE WHEN rare = 8 THEN 'pending' WHEN n %% 10 = 4 THEN 'verified' ELSE 'none' END, at FROM made;
INSERT INTO saver_habits (user_id, time_zone, closed_through) SELECT id, 'Asia/Kolkata', '2026-06-01' FROM made;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, current_amount, start_date, created_at,
    streak_count, streak_period, streak_net)
SELECT id, id, 'Bicycle', 'daily', 500000, 5000, '2026-01-01', at, 3, '2026-05-31', 5000 FROM made;
INSERT INTO ledger_accounts (id, kind, user_id, jar_id, balance) SELECT id, 'jar', id, id, 5000 FROM made;
INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,
    posting_count, reversal_of)
SELECT id, id, id, CASE WHEN rare = 7 THEN 'reversal' WHEN n %% 10 = 3 THEN 'withdraw' ELSE 'deposit' END,
    CASE WHEN rare = 8 THEN 2000000 ELSE 5000 END, at::date, at, at, 5000, 2,
    CASE WHEN rare = 7 THEN id END FROM made;
INSERT INTO credit_scores (id, user_id, status, score, predicted_score, probability, as_of, last_updated)
SELECT id, id, CASE WHEN rare = 9 THEN 'no_history' ELSE 'scored' END,
    CASE WHEN rare <> 9 THEN 350 + n %% 500 END, 600, 0.5, at, at FROM made;
INSERT INTO credit_score_history (id, user_id, status, score, cause, as_of)
SELECT id, id, 'scored', 600, 'deposit', at FROM made
UNION ALL SELECT gen_random_uuid(), id, 'scored', 590, 'period_closed', at - interval '9 days' FROM made;
INSERT INTO loans (id, user_id, decision_id, loan_policy_version, amount, tenure_months, rate, fee, apr, instalment,
    statement, statement_version, status, offered_at, expires_at, accepted_at, accepted_on, cancel_until)
SELECT id, id, id, 'loan-1', 500000, 6, 1500, 0, 1500, 90000, '{}', 'x',
    CASE WHEN rare = 10 THEN 'offered' ELSE 'active' END, at, at, CASE WHEN rare <> 10 THEN at END,
    CASE WHEN rare <> 10 THEN at::date END, CASE WHEN rare <> 10 THEN at END FROM made;
INSERT INTO loan_instalments (loan_id, number, user_id, starts_on, due_on, principal, interest, paid_principal,
    paid_interest, paid_on, paid_at)
SELECT id, 1, id, at::date, at::date + 30, 80000, 10000, CASE WHEN n %% 50 <> 0 THEN 80000 ELSE 0 END,
    CASE WHEN n %% 50 <> 0 THEN 10000 ELSE 0 END, CASE WHEN n %% 50 <> 0 THEN at::date END,
    CASE WHEN n %% 50 <> 0 THEN at END FROM made;
INSERT INTO job_runs (id, kind, status, created_at) SELECT id, 'job.' || n %% 20,
    CASE WHEN rare = 11 THEN 'failed' ELSE 'done' END, at FROM made;
INSERT INTO notifications (user_id, id, kind, facts, created_at) SELECT id, id, 'badge_earned', '{}', at FROM made;
INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, created_at) SELECT id, id,
    CASE WHEN rare = 12 THEN 'sms' ELSE 'email' END,
    CASE WHEN rare = 13 THEN 'dead' WHEN rare = 14 THEN 'expired' ELSE 'sent' END, at, at FROM made;
INSERT INTO audit_log (id, at, actor_id, actor, action, subject_type, subject_id, details, hash)
SELECT n, at, CASE WHEN n %% 100 = 0 THEN '00000001-0000-7000-8000-000000000000'::uuid ELSE id END,
    CASE WHEN rare = 17 THEN 'operator' ELSE 'saver' END,
    CASE WHEN rare = 15 THEN 'suspended' ELSE 'looked_at' END, 'user', id::text, '{}', 'x' FROM made;
UPDATE audit_head SET last_id = %(rows)s, last_hash = 'x';
INSERT INTO support_requests (id, reference, user_id, subject, text, about_kind, status, created_at, answer_by, answer,
    answered_at)
SELECT id, 'CH-' || n, id, 's', 't', CASE WHEN n %% 500 = 1 THEN 'score' END,
    CASE WHEN n %% 20 = 1 THEN 'open' ELSE 'answered' END, at, at::date + 7, CASE WHEN n %% 20 <> 1 THEN 'a' END,
    CASE WHEN n %% 20 <> 1 THEN at END FROM made;
INSERT INTO kyc_documents (id, user_id, document_type, status, uploaded_at, decided_at)
SELECT id, id, CASE WHEN n %% 2 = 0 THEN 'pan' ELSE 'passport' END,
    CASE WHEN n %% 20 < 2 THEN 'pending' ELSE 'verified' END, at, CASE WHEN n %% 20 >= 2 THEN at END FROM made;
INSERT INTO reversal_requests (id, transaction_id, reason, why, requested_by, requested_at, status, decided_by,
    decided_at)
SELECT id, id, 'twice', 'limit', '00000001-0000-7000-8000-000000000000', at,
    CASE WHEN rare = 16 THEN 'waiting' ELSE 'declined' END,
    CASE WHEN rare <> 16 THEN '00000002-0000-7000-8000-000000000000'::uuid END,
    CASE WHEN rare <> 16 THEN at END FROM made;
"""
