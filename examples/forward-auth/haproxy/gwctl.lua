-- Asks gwctl about a request and does what it says. Only an answer of 200 sets
-- txn.gwctl_allowed; a denial is passed on whole.
local url = "http://127.0.0.1:8081/"

-- Headers that gwctl sets. Add those of your obligations.
local identity = { "x-user-id", "x-user-roles", "x-tenant-id", "x-request-id", "x-auth-claims" }

-- What belongs to the client's connection or frames its body.
local left_out = {
  ["host"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["connection"] = true, ["keep-alive"] = true,
  ["proxy-connection"] = true, ["te"] = true, ["trailer"] = true, ["upgrade"] = true, ["expect"] = true,
}

-- Headers of a denial that are the client's to see.
local passed_on = { "content-type", "cache-control", "www-authenticate", "dpop-nonce", "retry-after", "allow", "x-request-id", "x-content-type-options", "content-security-policy" }

core.register_action("gwctl", { "http-req" }, function(txn)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do -- values count from 0
    if not left_out[name] then
      headers[name] = {}
      for i = 0, #values do
        if values[i] then table.insert(headers[name], values[i]) end
      end
    end
  end
  headers["x-forwarded-method"] = { txn.sf:method() }
  headers["x-forwarded-uri"] = { txn.sf:pathq() }
  headers["x-forwarded-host"] = { txn.sf:req_hdr("host") }
  headers["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  headers["x-forwarded-for"] = { txn.sf:src() }

  local ok, answer = pcall(function() return core.httpclient():get{ url = url, headers = headers, timeout = 10000 } end)
  if not ok or not answer or not answer.status or answer.status == 0 then
    return -- haproxy.cfg denies
  end
  if answer.status == 200 then
    for _, name in ipairs(identity) do
      local value = answer.headers[name] and answer.headers[name][0]
      if value and value ~= "" then txn.http:req_set_header(name, value) end
    end
    txn:set_var("txn.gwctl_allowed", true)
    return
  end
  if answer.status < 400 then
    return
  end
  local reply = txn:reply{ status = answer.status, body = answer.body or "" }
  for _, name in ipairs(passed_on) do
    local value = answer.headers[name] and answer.headers[name][0]
    if value then reply:add_header(name, value) end
  end
  txn:done(reply)
end, 0)
