"""The shapes matching is read in: ids, codes, amounts and states."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TABLES = MetaData()

assessment_list = Table(
    "assessment_list",
    TABLES,
    Column("case_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("eligible", ARRAY(Text), nullable=False),
    Column("rules_on", Date, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("assessment_list_at", "at", "case_id"),
    Index("assessment_list_household", "household_id", "case_id"),
)

reassessment_list = Table(
    "reassessment_list",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("programme", Text),
    Column("name", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("state", Text, nullable=False),
    Column("looked_at", BigInteger, nullable=False),
    Column("passed_over", BigInteger, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("reassessment_list_at", "begun_at", "id"),
)

reassessment_counts = Table(
    "reassessment_counts",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("affected", BigInteger, nullable=False),
    Column("gained", BigInteger, nullable=False),
    Column("lost", BigInteger, nullable=False),
    Column("before_fen", BigInteger, nullable=False),
    Column("after_fen", BigInteger, nullable=False),
)

referral_list = Table(
    "referral_list",
    TABLES,
    Column("referral_id", Text, primary_key=True),
    Column("case_id", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("service_id", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("programme", Text),
    Column("district", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("due_at", DateTime(timezone=True)),
    Column("appointment_at", DateTime(timezone=True)),
    Column("offered_fen", BigInteger, nullable=False),
    Column("kind", Text),
    Column("grant", JSONB),
    Column("grant_failed", Text),
    Column("attempt", Integer, nullable=False),
    Column("reminded_at", DateTime(timezone=True)),
    Column("tries", Integer, nullable=False),
    Column("outside", Text),
    Column("reopened_as", Text),
    Column("why", ARRAY(Text), nullable=False),
    Column("offered_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("referral_list_case", "case_id", "offered_at"),
    Index("referral_list_org", "org_id", "offered_at", "referral_id"),
    Index("referral_list_at", "offered_at", "referral_id"),
)

help_chain = Table(
    "help_chain",
    TABLES,
    Column("referral_id", Text, primary_key=True),
    Column("household_id", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("programme", Text),
    Column("need", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("asked_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("cut_by", Text),
    Column("state", Text, nullable=False),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Column("arrived_at", DateTime(timezone=True)),
    Index("help_chain_household", "household_id", "granted_at"),
)

unmet_needs = Table(
    "unmet_needs",
    TABLES,
    Column("case_id", Text, primary_key=True),
    Column("need", Text, primary_key=True),
    Column("district", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tried", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Index("unmet_needs_since", "since", "case_id"),
)

organization_list = Table(
    "organization_list",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

location_list = Table(
    "location_list",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("place_code", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("location_list_place", "place_code", "organization_id"),
)

service_list = Table(
    "service_list",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("organization_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("programmes", ARRAY(Text), nullable=False),
    Column("districts", ARRAY(Text), nullable=False),
    Column("location_id", Text),
    Column("standing", JSONB, nullable=False),
    Column("places", Integer),
    Column("held", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("full", Boolean, nullable=False),
    Column("capacity_at", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("terms", JSONB),
    Column("eligibility", JSONB),
    Column("languages", ARRAY(Text)),
    Column("assured_on", Date),
)

service_served = Table(
    "service_served",
    TABLES,
    Column("service_id", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("served", Integer, nullable=False),
)

community_list = Table(
    "community_list",
    TABLES,
    Column("code", Text, primary_key=True),
    Column("district", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("community_list_district", "district", "code"),
)

city_figures = Table(
    "city_figures",
    TABLES,
    Column("year", Integer, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

allocation_list = Table(
    "allocation_list",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("scheme", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("district", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("quota", Integer, nullable=False),
    Column("minimum", Integer, nullable=False),
    Column("order", JSONB, nullable=False),
    Column("points_on", Date, nullable=False),
    Column("opens_at", DateTime(timezone=True), nullable=False),
    Column("closes_at", DateTime(timezone=True), nullable=False),
    Column("appeal_days", Integer, nullable=False),
    Column("take_days", Integer),
    Column("source", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("publication", Integer, nullable=False),
    Column("published_at", DateTime(timezone=True)),
    Column("appeals_until", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

# One row an application, from its making on; the columns from `rank` on are those of the latest published ranking.
application_list = Table(
    "application_list",
    TABLES,
    Column("allocation_id", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("items", JSONB, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("rank", Integer),
    Column("ranked_points", Integer),
    Column("outcome", Text),
    Column("decided_by", Text),
    Column("missing", Integer),
    Column("duplicate_of", Text),
    Column("moved_up", Boolean, nullable=False),
    Column("publication", Integer, nullable=False),
    Index("application_list_rank", "allocation_id", "rank"),
)

allocation_publications = Table(
    "allocation_publications",
    TABLES,
    Column("allocation_id", Text, primary_key=True),
    Column("publication", Integer, primary_key=True),
    Column("applications", Integer, nullable=False),
    Column("admitted", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("below_minimum", Integer, nullable=False),
    Column("over_quota", Integer, nullable=False),
    Column("moved", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

volunteer_list = Table(
    "volunteer_list",
    TABLES,
    Column("volunteer_id", Text, primary_key=True),
    Column("external_ref", Text, info={"sealed": "volunteer_id"}),
    Column("status", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("districts", ARRAY(Text), nullable=False),
    Column("times", ARRAY(Text), nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("volunteer_list_at", "registered_at", "volunteer_id"),
    Index("volunteer_list_skills", "skills", postgresql_using="gin"),
)

engagement_list = Table(
    "engagement_list",
    TABLES,
    Column("engagement_id", Text, primary_key=True),
    Column("org_id", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("district", Text, nullable=False),
    Column("times", ARRAY(Text), nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("referral_id", Text),
    Column("case_id", Text),
    Column("status", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("engagement_list_at", "opened_at", "engagement_id"),
    Index("engagement_list_org", "org_id", "opened_at", "engagement_id"),
)

engagement_members = Table(
    "engagement_members",
    TABLES,
    Column("engagement_id", Text, primary_key=True),
    Column("volunteer_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("vouched", Boolean, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("engagement_members_volunteer", "volunteer_id"),
)

volunteer_hours = Table(
    "volunteer_hours",
    TABLES,
    Column("volunteer_id", Text, primary_key=True),
    Column("engagement_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("org_id", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("verified_at", DateTime(timezone=True), nullable=False),
    Index("volunteer_hours_engagement", "engagement_id", "day"),
)
