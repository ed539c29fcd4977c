#!/bin/sh
# What the tests need besides Python: a JRE with the Kafka broker's jars, Chromium and a Chinese font.
# Installs what is missing where it may; says what stays missing; under CI=true anything missing ends with 1.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}" sh deploy/environment.sh test
mkdir -p .stamps
lacking=""
updated=""

say() { printf '%s\n' "$1" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
lack() { lacking="$lacking
  - $1"; }

# package(s): installed by apt where we are root, nothing where we are not.
apt() {
    [ "$(id -u)" = 0 ] && have apt-get || return 1
    if [ -z "$updated" ]; then
        apt-get update -q >.stamps/apt.log 2>&1 || true
        updated=yes
    fi
    say "Installing $* ..."
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" >>.stamps/apt.log 2>&1
}

browser_here() { have "${KAPOK_CHROMIUM:-chromium}" || have chromium-browser || have google-chrome; }
chinese_here() { have fc-list && [ -n "$(fc-list :lang=zh family)" ]; }
jars_here() { [ "$(cat .stamps/kafka 2>/dev/null)" = "$(cksum <deploy/kafka/pom.xml)" ] && ls deploy/kafka/target/libs/kafka_2.13-*.jar >/dev/null 2>&1; }

have java || apt openjdk-17-jre-headless || apt default-jre-headless || lack "Java: a JRE of version 17 or later (tests on a real Kafka broker)"
if ! jars_here; then
    have mvn || apt maven || lack "Maven (fetches the broker's jars)"
    if have mvn; then
        rm -rf deploy/kafka/target/libs
        if mvn -q -B -ntp -f deploy/kafka/pom.xml dependency:copy-dependencies >.stamps/maven.log 2>&1; then
            cksum <deploy/kafka/pom.xml >.stamps/kafka
        else
            lack "the broker's jars: Maven could not fetch them (see .stamps/maven.log)"
        fi
    fi
fi
browser_here || apt chromium || lack "Chromium (tests of the pages; or name one with KAPOK_CHROMIUM)"
chinese_here || apt fontconfig fonts-wqy-microhei || lack "a Chinese font, e.g. fonts-wqy-microhei (pages would show boxes)"

[ -z "$lacking" ] && exit 0
say "Missing for the whole test suite:$lacking"
[ "${CI:-}" = true ] && exit 1
say "The tests that need these are skipped, and say so."
exit 0
