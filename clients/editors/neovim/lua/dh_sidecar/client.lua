-- One dh-sidecar process, spoken to through the editor's own JSON-RPC client.
--
-- What ends a call badly is a table: {kind = 'error', code, message, data} as the process answered it,
-- {kind = 'cancelled'}, {kind = 'timed_out'}, {kind = 'lost', exit_code or signal, stderr}, {kind = 'closed'},
-- {kind = 'refused', message}; message_of() puts it into words.

local M = {}

local PROTOCOL_VERSION = '1'
local STDERR_LINES = 20

local Client = {}
Client.__index = Client

--- Where dh-sidecar is: the command line of it, or nil and where it was looked for.
function M.find(configured)
  local places = { configured or vim.env.DH_SIDECAR_BIN }
  if #places == 0 then places = { 'dh-sidecar' } end
  local path = vim.fn.exepath(places[1])
  if path ~= '' then return path end
  return nil, ('dh-sidecar was not found: looked for %s%s. clients/shell/quickstart builds it; name it with '
    .. 'DH_SIDECAR_BIN, or put its folder into PATH.'):format(places[1], places[1] == 'dh-sidecar' and ' on PATH' or '')
end

--- What went wrong, in a line or several.
function M.message_of(err)
  if err.kind == 'error' then
    local lines = { err.message }
    local data = type(err.data) == 'table' and err.data or {}
    for _, fault in ipairs(data.errors or {}) do
      local hint = fault.hint and (' (' .. fault.hint .. ')') or ''
      table.insert(lines, ('  %s: %s%s'):format(fault.pointer, fault.message, hint))
    end
    if data.hint and not data.errors then table.insert(lines, '  ' .. data.hint) end
    return table.concat(lines, '\n')
  elseif err.kind == 'lost' then
    local how = err.signal and ('by ' .. err.signal) or ('with exit code ' .. err.exit_code)
    return 'dh-sidecar ended ' .. how .. (err.stderr ~= '' and ('\n' .. err.stderr) or '')
  elseif err.kind == 'closed' then
    return 'the connection to dh-sidecar is closed'
  elseif err.kind == 'timed_out' then
    return 'no answer in time; the call was cancelled'
  end
  return err.message or err.kind
end

local SIGNALS = { [1] = 'SIGHUP', [2] = 'SIGINT', [6] = 'SIGABRT', [9] = 'SIGKILL', [11] = 'SIGSEGV', [15] = 'SIGTERM' }

-- The last lines of a file, which goes with that.
local function last_lines(path)
  local file = io.open(path, 'r')
  if not file then return '' end
  local size = file:seek('end')
  file:seek('set', math.max(0, size - 65536))
  local lines = vim.split(vim.trim(file:read('*a') or ''), '\n', { plain = true })
  file:close()
  os.remove(path)
  return table.concat(lines, '\n', math.max(1, #lines - STDERR_LINES + 1))
end

-- vim.lsp.rpc.start of 0.7 to 0.9, and that of later, where the command is one list.
local function spawn(command, arguments, dispatchers)
  if vim.fn.has('nvim-0.10') == 1 then
    return vim.lsp.rpc.start(vim.list_extend({ command }, arguments), dispatchers)
  end
  return vim.lsp.rpc.start(command, arguments, dispatchers)
end

--- Starts the process. `options`: binary, arguments, on_exit(err). Calls made before the handshake is answered wait
--- for it. Nil and a message where it can't be started.
function M.start(options)
  options = options or {}
  local binary, message = M.find(options.binary)
  if not binary then return nil, message end
  local self = setmetatable({
    binary = binary, next_call = 0, pending = {}, waiting = {}, progress = {}, subscriptions = {},
    stderr_file = vim.fn.tempname(), on_exit = options.on_exit,
  }, Client)
  -- The editor's client keeps stderr to its own log; the last lines are wanted where the process dies.
  local script = 'exec "$0" "$@" 2>"$DH_SIDECAR_STDERR"'
  vim.env.DH_SIDECAR_STDERR = self.stderr_file
  self.rpc = spawn('/bin/sh', vim.list_extend({ '-c', script, binary }, options.arguments or {}), {
    notification = function(method, params) self:_notified(method, params) end,
    on_exit = vim.schedule_wrap(function(code, signal) self:_exited(code, signal) end),
    on_error = function() end,
  })
  vim.env.DH_SIDECAR_STDERR = nil
  if not self.rpc then return nil, binary .. ' could not be started' end
  self:_handshake()
  return self
end

function Client:_handshake()
  local params = { processId = vim.fn.getpid(), clientInfo = { name = 'dh-sidecar for Neovim' } }
  self.rpc.request('initialize', params, function(err, result)
    local server = result and result.serverInfo or {}
    if not err and server.name == 'dh-sidecar' and tostring(result.protocol_version) == PROTOCOL_VERSION then
      self.ready = true
    else
      self.failure = {
        kind = 'refused',
        message = ('%s is %s %s, protocol version %s; this plugin speaks with dh-sidecar, protocol version %s. Install '
          .. 'both from one release.'):format(self.binary, server.name or 'something else', server.version or '',
          result and result.protocol_version or ('unknown: ' .. (err and err.message or '')), PROTOCOL_VERSION),
      }
    end
    local waiting = self.waiting
    self.waiting = {}
    for _, begin in ipairs(waiting) do begin() end
    if self.failure then self:_terminate() end
  end)
end

function Client:_terminate()
  self.rpc.notify('exit')
end

--- Calls a method. `callback(err, result)` comes once, later. `options`: timeout_ms, progress(value).
--- Returns the call, which has cancel().
function Client:request(method, params, callback, options)
  options = options or {}
  self.next_call = self.next_call + 1
  local call = { number = self.next_call, client = self }
  function call.finish(err, result)
    if call.done then return end
    call.done = true
    self.pending[call.number] = nil
    if call.token then self.progress[call.token] = nil end
    callback(err, result)
  end
  -- The editor's client keeps the answer to a cancelled call for itself: the call is over at once.
  function call.cancel(kind)
    if call.done then return end
    if call.id then self.rpc.notify('$/cancelRequest', { id = call.id }) end
    call.finish({ kind = kind or 'cancelled' })
  end
  self.pending[call.number] = call
  params = vim.tbl_isempty(params or {}) and vim.empty_dict() or params
  if options.progress then
    call.token = 'dh-' .. call.number
    self.progress[call.token] = options.progress
    params = vim.tbl_extend('force', params, { progress_token = call.token })
  end
  local function begin()
    if call.done then return end
    if self.failure then return call.finish(self.failure) end
    local sent, id = self.rpc.request(method, params, function(err, result)
      if err then err = { kind = 'error', code = err.code, message = err.message, data = err.data } end
      call.finish(err, result)
    end)
    call.id = id
    -- It has ended, and on_exit, which knows how, is on its way.
    if not sent and self.failure then call.finish(self.failure) end
  end
  if self.failure then
    vim.schedule(begin)
  elseif self.ready then
    begin()
  else
    table.insert(self.waiting, begin)
  end
  if options.timeout_ms then vim.defer_fn(function() call.cancel('timed_out') end, options.timeout_ms) end
  return call
end

--- The same, waiting: result, or nil and the error.
function Client:request_sync(method, params, timeout_ms)
  local answered, err, result
  self:request(method, params, function(e, r) answered, err, result = true, e, r end, {
    timeout_ms = timeout_ms or 5000,
  })
  vim.wait((timeout_ms or 5000) + 500, function() return answered end, 5)
  if err then return nil, err end
  return result
end

--- The events of a run: `on_event(event)` for each, its end included; `on_over(err, run)` once, after the last, or
--- where subscribing fails. Returns the subscription, which has stop(callback).
function Client:subscribe(params, on_event, on_over)
  local subscription = { on_event = on_event }
  function subscription.over(err, run)
    if subscription.done then return end
    subscription.done = true
    if subscription.id then self.subscriptions[subscription.id] = nil end
    on_over(err, run)
  end
  function subscription.stop(callback)
    if subscription.done or not subscription.id then
      subscription.over()
      if callback then callback() end
      return
    end
    -- The end may come before the answer or after it; either way there are no further events.
    local id = subscription.id
    subscription.over()
    self:request('unsubscribe', { subscription = id }, function(err) if callback then callback(err) end end)
  end
  self:request('subscribeRun', params, function(err, result)
    if err then return subscription.over(err) end
    subscription.id = result.subscription
    if subscription.done then
      return self:request('unsubscribe', { subscription = result.subscription }, function() end)
    end
    self.subscriptions[result.subscription] = subscription
    if subscription.on_event then subscription.on_event({ type = 'subscribed', run = result.run }) end
  end)
  return subscription
end

function Client:_notified(method, params)
  if method == '$/progress' then
    local progress = self.progress[params.token]
    if progress then progress(params.value) end
  elseif method == 'run/event' then
    local subscription = self.subscriptions[params.subscription]
    if not subscription then return end
    if params.type == 'end' and params.reason == 'failed' then
      local err = params.error or {}
      return subscription.over({ kind = 'error', code = err.code, message = err.message, data = err.data })
    end
    subscription.on_event(params)
    if params.type == 'end' then subscription.over(nil, params.run) end
  end
end

function Client:_exited(code, signal)
  local stderr = last_lines(self.stderr_file)
  if not self.failure then
    local lost = { kind = 'lost', stderr = stderr }
    -- The shell in between does not outlive the exec, so this is dh-sidecar's own end.
    if signal ~= 0 then lost.signal = SIGNALS[signal] or ('signal ' .. signal) else lost.exit_code = code end
    self.failure = lost
  end
  self.waiting = {}
  for _, call in pairs(self.pending) do call.finish(self.failure) end
  for _, subscription in pairs(self.subscriptions) do subscription.over(self.failure) end
  if self.on_exit then self.on_exit(self.failure) end
  self.gone = true
end

--- Closes the connection: what waits ends as closed. Runs go on. A second time it does nothing.
function Client:close()
  if self.failure then return end
  self.failure = { kind = 'closed' }
  for _, call in pairs(self.pending) do call.finish(self.failure) end
  for _, subscription in pairs(self.subscriptions) do subscription.over(self.failure) end
  self.rpc.request('shutdown', nil, function() end)
  self.rpc.notify('exit')
end

--- Whether calls can be made.
function Client:is_usable() return self.failure == nil end

return M
