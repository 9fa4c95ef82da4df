-- Events one by one: TOKEN=... wrk -t1 -c48 -d10s --latency -s bench/intake_one.lua http://127.0.0.1:8080
local n=0; local id
function setup(t) id=(id or 0)+1; t:set("tid",id) end
function request() n=n+1
 local b='{"id":"k'..tid..'-'..n..'-'..os.time()..'","type":"order","email":"ada@example.org","ctx":{"order":{"id":"'..n..'","text":"'..string.rep("x",260)..'"}}}'
 return wrk.format("POST","/accounts/shop/events",{["content-type"]="application/json",["authorization"]="Bearer "..os.getenv("TOKEN")},b) end
