#!/usr/bin/env bash
# First calls: a pupil goes from the class list to the recommendation, by the public API alone.
#
# Run it while a demo is up: it prints every call with its answer, and each time it takes another pupil.
# What happened before today is entered by staff with the time at which it happened (`occurred_at`).
set -euo pipefail
cd "$(dirname "$0")/.."
bilet=${BILET:-$([[ -x .venv/bin/bilet ]] && echo .venv/bin/bilet || echo bilet)}
region=${REGION:-RU-ROS} # as the demo plays it
school=${SCHOOL:-$region-001-S01} venue=${VENUE:-$region-001-V01}

page=$($bilet open "$region" --season any) # http://127.0.0.1:8080/#…
url=${page%%/#*}
navigator=$($bilet token --grant "navigator:$school" --subject teacher)
host=$($bilet token --grant "venue:$venue" --subject host)
guardian=$($bilet token --grant guardian --subject "mother-$$-$RANDOM")
operator=$($bilet token --grant "regional-operator:$region")

# call TOKEN METHOD PATH [BODY]: leaves the answer in $answer. What another service has told is here in a moment:
# a refusal that says "retryable" is worth another try.
call() {
    for _ in $(seq 60); do
        answer=$(curl -sS -X "$2" -H "Authorization: Bearer $1" -H 'Content-Type: application/json' ${4:+-d "$4"} "$url$3")
        [[ $answer == *'"retryable":true'* ]] || break
        sleep 0.5
    done
    printf '\n%s %s %s\n  %.1000s\n' "$2" "$3" "${4:-}" "$answer"
    [[ $answer != *'"problem"'* && $answer != *'"status":4'* ]] || exit 1
}

# field NAME: every value of this name in the answer, a line each.
field() { grep -o "\"$1\":\"[^\"]*\"" <<<"$answer" | cut -d'"' -f4; }

echo "== The season: the last one of the list is that of the running school year"
call "$operator" GET "/trials/seasons?limit=1000"
season=${SEASON:-$(field season | tail -1)}
call "$operator" GET "/trials/seasons/$season"
began=$(field opens)T09:00:00+03:00
grade=$(grep -o '"grades":.[0-9]*' <<<"$answer" | grep -o '[0-9]*')
trials=$(grep -o '"trials_required":[0-9]*' <<<"$answer" | grep -o '[0-9]*')
diagnostics=$(grep -o '"diagnostics":\[[^]]*\]' <<<"$answer" | grep -o '"[^"]*"' | tail -n +2 | tr -d '"')

echo "== The school enters a class list with the consent that it holds on paper"
call "$navigator" POST /registration/rosters '{"season":"'"$season"'","school":"'"$school"'","class":"'"$grade"'Я","occurred_at":"'"$began"'",
  "pupils":[{"external_ref":"own-'$$-$RANDOM'","name":"Соколова Мария","birth_date":"'$(($(date +%Y) - grade - 6))'-03-02","grade":'"$grade"',"namesake":true,
             "guardian":{"ref":"own-'$$-$RANDOM'","name":"Соколова Анна"},
             "consent":{"version":"1","given_at":"'"$began"'","channel":"paper"}}]}'
pupil=$(field participant) code=$(field link_code)

echo "== Her mother opens the cabinet with the code that the school handed out"
call "$guardian" POST /registration/links '{"code":"'"$code"'"}'
call "$guardian" GET /registration/me

echo "== The pupil takes every diagnostic of the season: an option for every item"
for diagnostic in $diagnostics; do
    call "$navigator" GET "/trials/diagnostics/$diagnostic"
    option=$(grep -o '"options":\[[^]]*\]' <<<"$answer" | grep -o '"code":"[^"]*"' | tail -1 | cut -d'"' -f4)
    answers=$(sed 's/,"options":\[[^]]*\]//g' <<<"$answer" | grep -o '"items":\[[^]]*\]' | grep -o '[[,]{"code":"[^"]*"' | cut -d'"' -f4 | sed "s/.*/\"&\":\"$option\"/" | paste -sd, -)
    call "$navigator" POST /trials/attempts '{"ref":"'"$diagnostic"'","participant":"'"$pupil"'","season":"'"$season"'","diagnostic":"'"$diagnostic"'","answers":{'"$answers"'}}'
done

echo "== Trials of the last days: the school books afterwards, the venue confirms that she was there"
call "$navigator" GET "/trials/slots?season=$season&region=$region&venue=$venue&limit=100"
slots=() times=()
while read -r slot; do
    answer=$slot
    [[ $(field starts_at) < $(date +%F) && $slot != *'"open_seats":0,'* && ${#slots[@]} -lt $trials ]] || continue
    slots+=("$(field slot)") times+=("$(field starts_at)")
done < <(sed 's/},{/}\n{/g' <<<"$answer")
((${#slots[@]} == trials)) || { echo "Too few slots with a free seat have been held yet in season $season"; exit 1; }
for n in "${!slots[@]}"; do
    call "$navigator" POST "/trials/slots/${slots[n]}/bookings" '{"participant":"'"$pupil"'","occurred_at":"'"$began"'"}'
    call "$host" POST "/trials/slots/${slots[n]}/attendance" '[{"participant":"'"$pupil"'","source":"list","occurred_at":"'"${times[n]}"'"}]'
done

echo "== What came of it: her path with the recommendation, the family's inbox, the region's figures and newest events"
call "$guardian" GET "/trials/participants/$pupil/path?season=$season"
call "$guardian" GET /notifications/inbox
call "$operator" GET "/analytics/regions/$region/funnel?season=$season"
$bilet feed tail "$region" --url "$url" --until-end | tail -3
