#!/bin/sh
# Follow one service's open events with curl. 用 curl 跟随一个服务的公开事件。
# sh follow.sh http://127.0.0.1:8001 registry.cursor 21
service=$1 kept=$2 below=$3 token=''
after=$(cat "$kept" 2>/dev/null)
while :; do
  new='' # Where people sign in, programs do too: a token ends after ten minutes.
  if [ -n "$ZHUCUN_TOKEN_URL" ] && [ -z "$token" ]; then
    new=$(curl --silent --max-time 90 --data grant_type=client_credentials --data-urlencode "client_id=$ZHUCUN_CLIENT_ID" \
      --data-urlencode "client_secret=$ZHUCUN_CLIENT_SECRET" "$ZHUCUN_TOKEN_URL") || { sleep 5; continue; }
    token=$(printf %s "$new" | sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p')
    [ -n "$token" ] || { printf '%s\n' "$new" >&2; exit 1; }
  fi
  page=$(curl --silent --max-time 90 ${token:+--oauth2-bearer "$token"} --write-out '\n%{http_code}' \
    "$service/v1/events?below=$below&after=$after&wait=50") || page=000 # Half an answer is none.
  status=$(printf %s "$page" | tail -n 1)
  page=$(printf %s "$page" | sed '$d')
  case $status:$new in
    200:*) ;;
    000:* | 503:*) sleep 5; continue ;; # It is away; nothing is lost by waiting.
    401:) token=${token:+}; [ -n "$ZHUCUN_TOKEN_URL" ] && continue; printf '%s\n' "$page" >&2; exit 1 ;;
    *) printf '%s\n' "$page" >&2; exit 1 ;; # 409: the journal is another one, and the answer says what to do.
  esac
  case $page in '{"events":[],'*) ;; *) printf '%s\n' "$page" ;; esac # One line of JSON with the events.
  after=$(printf %s "$page" | sed 's/.*"after":"\([^"]*\)","end":[a-z]*}$/\1/')
  printf %s "$after" >"$kept.new" # If it stops before this line, events come again: take each id once.
  mv "$kept.new" "$kept"
done
