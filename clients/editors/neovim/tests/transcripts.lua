-- Replays a transcript (clients/transcripts/README.md) with the plugin's client: the steps of the client's side.

local client_module = require('dh_sidecar.client')

local M = {}
local WAIT = 30000

local function subset(got, wanted)
  if type(wanted) == 'table' and wanted['$repeat'] then return got == wanted['$repeat']:rep(wanted.times) end
  if wanted == vim.NIL then return got == nil or got == vim.NIL end
  if type(wanted) ~= 'table' then return got == wanted end
  if type(got) ~= 'table' then return false end
  if vim.tbl_islist(wanted) and #wanted ~= #got then return false end
  for key, value in pairs(wanted) do
    if not subset(got[key], value) then return false end
  end
  return true
end

-- {"$repeat": TEXT, "times": N} stands for a text.
local function expanded(value)
  if type(value) ~= 'table' then return value end
  if value['$repeat'] then return value['$repeat']:rep(value.times) end
  local result = getmetatable(value) and setmetatable({}, getmetatable(value)) or {}
  for key, item in pairs(value) do result[key] = expanded(item) end
  return result
end

local function check(condition, what, got)
  if not condition then error(what .. (got ~= nil and (': got ' .. vim.inspect(got):sub(1, 1500)) or ''), 0) end
end

-- The outcome of a call or an iteration against what the step says.
local function check_outcome(step, err, result)
  local name = vim.inspect(step):sub(1, 300)
  if step.error then
    check(err and err.kind == 'error', name, { err, result })
    check(subset(err, step.error), name, err)
  elseif step.cancelled or step.timed_out or step.closed then
    local kind = step.cancelled and 'cancelled' or step.timed_out and 'timed_out' or 'closed'
    check(err and err.kind == kind, name, { err, result })
  elseif step.lost then
    check(err and err.kind == 'lost', name, err)
    check(step.lost.exit_code == nil or step.lost.exit_code == err.exit_code, name, err)
    check(step.lost.signal == nil or step.lost.signal == err.signal, name, err)
    check(err.stderr:find(step.lost.stderr or '', 1, true), name, err)
    check(client_module.message_of(err):find(step.lost.stderr or '', 1, true), name, err)
  else
    check(err == nil, name, err)
    check(subset(result, step.result), name, result)
  end
end

local function has_outcome(step)
  return step.result ~= nil or step.error or step.cancelled or step.timed_out or step.closed or step.lost
end

local Player = {}
Player.__index = Player

function Player:call(step)
  local state = { progress = {} }
  if step.as then self.calls[step.as] = state end
  state.call = self.client:request(step.call, expanded(step.params or vim.empty_dict()), function(err, result)
    state.err, state.result, state.done = err, result, true
  end, {
    timeout_ms = step.timeout_ms,
    progress = step.progress and function(value) table.insert(state.progress, value) end or nil,
  })
  -- The handshake comes first; what a step sends has been sent before the next step begins.
  vim.wait(WAIT, function() return state.call.id or state.done end, 1)
  if not step.as then self:outcome(step, state) end
end

function Player:outcome(step, state)
  vim.wait(WAIT, function() return state.done end, 1)
  check(state.done, 'no outcome: ' .. vim.inspect(step):sub(1, 300))
  check_outcome(step, state.err, state.result)
end

function Player:many(step)
  local states = {}
  for number = 0, step.count - 1 do
    local state = { wanted = { project = 'p', id = tostring(number) } }
    table.insert(states, state)
    self.client:request(step.calls, state.wanted, function(err, result)
      state.err, state.result, state.done = err, result, true
    end)
  end
  for _, state in ipairs(states) do self:outcome({ result = state.wanted }, state) end
end

function Player:events(step)
  local state = { seen = {}, next = 1 }
  self.iterations[step.events] = state
  state.subscription = self.client:subscribe(expanded(step.params), function(event)
    if event.type == 'subscribed' then state.subscribed = true else table.insert(state.seen, event) end
  end, function(err) state.err, state.over = err, true end)
  vim.wait(WAIT, function() return state.subscribed or state.over end, 1)
  if has_outcome(step) and step.result == nil then
    check_outcome(step, state.err)
  else
    check(state.subscribed, 'subscribed', state.err)
  end
end

function Player:event(state)
  vim.wait(WAIT, function() return state.seen[state.next] or state.over end, 1)
  local event = state.seen[state.next]
  check(event, 'no further event', state.err)
  state.next = state.next + 1
  return event
end

function Player:play(step)
  if step.call then
    self:call(step)
  elseif step.of then
    self:outcome(step, self.calls[step.of])
  elseif step.calls then
    self:many(step)
  elseif step.progress then
    check(subset(self.calls[step.progress].progress, step.are), 'progress', self.calls[step.progress].progress)
  elseif step.cancel then
    self.calls[step.cancel].call.cancel()
  elseif step.events then
    self:events(step)
  elseif step.event then
    local event = self:event(self.iterations[step.event])
    check(subset(event, step.is), 'event ' .. vim.inspect(step.is), event)
  elseif step.flood then
    local state = self.iterations[step.flood]
    for seq = 1, step.count do
      local event = self:event(state)
      check(event.type == 'log' and event.seq == seq, 'event ' .. seq, event)
    end
    check(self:event(state).type == 'end', 'end')
  elseif step.over then
    local state = self.iterations[step.over]
    vim.wait(WAIT, function() return state.over end, 1)
    check(state.over and not state.err and state.seen[state.next] == nil, 'over', state.err)
  elseif step.broken then
    local state = self.iterations[step.broken]
    vim.wait(WAIT, function() return state.over end, 1)
    check_outcome(step, state.err)
  elseif step.unsubscribe then
    local answered
    self.iterations[step.unsubscribe].subscription.stop(function() answered = true end)
    vim.wait(WAIT, function() return answered end, 1)
    check(answered, 'unsubscribe was not answered')
  elseif step.start then
    local state = {}
    self.client:request('getCapabilities', {}, function(err) state.err, state.done = err, true end)
    vim.wait(WAIT, function() return state.done end, 1)
    if step.start == 'refused' then
      check(state.err and state.err.kind == 'refused', 'start', state.err)
    else
      check_outcome(step.start, state.err)
    end
  elseif step.close then
    self.client:close()
  else
    error('a step that is none: ' .. vim.inspect(step), 0)
  end
end

--- Replays the file; an error says what differs.
function M.replay(path, binary)
  local file = assert(io.open(path))
  local transcript = vim.json.decode(file:read('*a'))
  file:close()
  local report = vim.fn.tempname()
  vim.env.DH_TRANSCRIPT, vim.env.DH_TRANSCRIPT_REPORT = path, report
  local client = assert(client_module.start({ binary = binary }))
  local player = setmetatable({ client = client, calls = {}, iterations = {} }, Player)
  -- A time limit is the call's; it begins here when the process is there.
  vim.wait(WAIT, function() return client.ready or client.failure end, 1)
  for _, step in ipairs(transcript.client) do player:play(step) end
  client:close()
  vim.wait(WAIT, function() return client.gone end, 1)
  local said = table.concat(vim.fn.readfile(report), '\n')
  check(said == 'ok', 'the report', said)
end

return M
