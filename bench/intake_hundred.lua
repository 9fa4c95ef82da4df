-- A hundred events a call: TOKEN=... wrk -t1 -c4 -d10s --latency -s bench/intake_hundred.lua http://127.0.0.1:8080
local n=0; local id
function setup(t) id=(id or 0)+1; t:set("tid",id) end
function request() n=n+1
 local t={}
 for i=1,100 do t[i]='{"id":"m'..tid..'-'..n..'-'..i..'-'..os.time()..'","type":"order","email":"ada@example.org","ctx":{"order":{"id":"'..n..'","text":"'..string.rep("x",260)..'"}}}' end
 return wrk.format("POST","/accounts/shop/events?queue=batch",{["content-type"]="application/json",["authorization"]="Bearer "..os.getenv("TOKEN")},"["..table.concat(t,",").."]") end
