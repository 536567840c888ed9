-- The commands, against the real binary and a real engine.

local dh = require('dh_sidecar')
local client_module = require('dh_sidecar.client')
local image = vim.env.DH_TEST_IMAGE

local said = {}
vim.notify = function(message) table.insert(said, message) end

local function eventually(what, condition)
  local value
  vim.wait(20000, function()
    value = condition()
    return value
  end, 20)
  assert(value, ('never: %s\n%s\nsaid: %s'):format(what,
    table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n'),
    table.concat(said, '\n')))
  return value
end
local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end
local function text() return table.concat(lines(), '\n') end
local function shows(part) return function() return text():find(part, 1, true) end end

local function has_said(part)
  return function() return table.concat(said, '\n'):find(part, 1, true) end
end
local function fresh()
  said = {}
  vim.cmd('silent! %bwipeout!')
end
local function run_of(id)
  return (assert(dh.client():request_sync('getRun', { id = id })))
end

test('a job is created, run, and shown to its end', function()
  fresh()
  vim.cmd('DhCreate sh image=' .. image .. ' command=/bin/sh')
  eventually('created', has_said('function sh '))
  vim.cmd([[DhRun sh args=["-c","echo\ hällo;\ sleep\ 0.5;\ echo\ bye\ >&2;\ exit\ 3"]\ ]])
  eventually('the buffer', function() return vim.b.dh_run end)
  eventually('RUNNING', shows('state: RUNNING'))
  eventually('the log', shows('hällo'))
  eventually('the end', shows('exit code: 3'))
  assert(text():find('state: ERROR', 1, true), text())
  assert(text():find('exit code 3.', 1, true), text())
  local shown = lines()
  assert(shown[1]:find('^job %x+ of sh$'), shown[1])
  assert(shown[#shown - 1] == 'hällo' and shown[#shown] == 'bye', text())
  assert(not vim.bo.modifiable and not vim.bo.modified)
end)

test('a run that goes on: followed again, stopped, resumed, deleted, from its buffer', function()
  fresh()
  vim.cmd([[DhRun! sh args=["-c","echo\ begun;\ sleep\ 60"]\ ]])
  local id = eventually('the id', function() return table.concat(said):match('run (%x+)') end)
  vim.cmd('DhFollow ' .. id)
  eventually('the log', shows('begun'))
  vim.cmd('bwipeout')
  assert(run_of(id).status.state == 'RUNNING')
  vim.cmd('DhFollow ' .. id)
  eventually('the log again', shows('begun'))
  vim.cmd('DhStop')
  eventually('STOPPED', shows('state: STOPPED'))
  eventually('it is said', has_said(id .. ' STOPPED'))
  vim.cmd('DhDelete')
  eventually('it is said', has_said(id .. ' DELETED'))
end)

test('the list of runs', function()
  fresh()
  vim.cmd('DhRuns function=sh state=ERROR')
  eventually('the list', shows('FUNCTION'))
  assert(#lines() == 2, text())
  assert(lines()[2]:find('sh +job +ERROR'), text())
  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  local id = lines()[2]:match('^%x+')
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes('<CR>', true, false, true), 'xt', false)
  eventually('its buffer', function() return vim.b.dh_run == id and text():find('hällo', 1, true) end)
end)

test('a service shows its URL', function()
  fresh()
  vim.cmd('DhCreate web image=' .. image .. ' command=httpd')
  eventually('created', has_said('function web '))
  local server = vim.loop.new_tcp()
  server:bind('127.0.0.1', 0)
  local port = server:getsockname().port
  server:close()
  vim.cmd(('DhRun web action=serve args=["-f","-p","%d"] service_ports=[{"port":%d}]'):format(port, port))
  eventually('the URL', shows('url: http://127.0.0.1:' .. port))
  vim.cmd('DhDelete')
  eventually('the end', shows('state: DELETED'))
end)

test('faults name the parameters', function()
  fresh()
  vim.cmd('DhRun sh imge=x replicas=two action=serve')
  eventually('the error', has_said('/imge: There is no parameter `imge`. (Did you mean `image`?)'))
  assert(has_said('/replicas')(), vim.inspect(said))
  vim.cmd('DhRun sh nonsense')
  assert(has_said('"nonsense" is no NAME=VALUE')(), vim.inspect(said))
  vim.cmd('DhStop')
  assert(has_said('which run?')(), vim.inspect(said))
end)

test('parameters and their values complete', function()
  local function completed(line) return vim.fn.getcompletion(line, 'cmdline') end
  assert(vim.tbl_contains(completed('DhRun sh serv'), 'service_ports='))
  assert(vim.tbl_contains(completed('DhRun sh action='), 'action=deploy'))
  assert(vim.deep_equal(completed('DhRun we'), { 'web' }), vim.inspect(completed('DhRun we')))
  assert(vim.deep_equal(completed('DhCreate f lang=py'), { 'lang=python' }))
  assert(vim.tbl_contains(completed('DhCall list'), 'listRuns'))
  assert(vim.tbl_contains(completed('DhCall listRuns so'), 'sort='))
  assert(#completed('DhFollow ')[1] == 32)
end)

test('any method', function()
  fresh()
  vim.cmd('DhCall getCapabilities')
  eventually('the result', shows('"platform": "local"'))
  assert(vim.json.decode(text()).platform == 'local')
end)

local function edit(name, content)
  fresh()
  local path = vim.fn.tempname() .. name
  vim.fn.writefile(content, path)
  vim.cmd('edit ' .. path)
end
local function diagnostics() return vim.diagnostic.get(0) end

test('the faults of a container file are diagnostics, as it is typed', function()
  dh.setup({ validate_delay_ms = 50 })
  edit('.container.yaml', {
    '# é', 'function:', '  name: from_file', '  kind: container', '  imag: x', 'runs:', '  a: {action: jog}',
  })
  eventually('two', function() return #diagnostics() == 2 end)
  local first = vim.tbl_filter(function(d) return d.lnum == 4 end, diagnostics())[1]
  assert(first and first.col == 2 and first.message:find('imag', 1, true), vim.inspect(diagnostics()))
  vim.api.nvim_buf_set_lines(0, 4, 5, false, { '  image: ' .. image })
  vim.cmd('doautocmd TextChanged')
  eventually('one', function() return #diagnostics() == 1 end)
  vim.api.nvim_buf_set_lines(0, 6, 7, false, { '  a: [' })
  vim.cmd('DhValidate')
  eventually('the syntax', function() return #diagnostics() == 1 and diagnostics()[1].message:find('YAML', 1, true) end)
end)

test('a container file is applied, from a buffer and from disk', function()
  -- A run's id comes from the file's text, and the engine is shared: the name is this test's own.
  local name = 'neovim_' .. vim.loop.hrtime()
  edit('.container.json', { vim.json.encode({
    ['function'] = { name = name, kind = 'container', image = image, command = '/bin/sh' },
    runs = { hello = { action = 'job', args = { '-c', 'echo applied' } } },
  }) })
  vim.cmd('DhApply')
  eventually('applied', has_said('run hello '))
  local id = table.concat(said):match('run hello (%x+)')
  said = {}
  vim.cmd('DhApply ' .. vim.fn.expand('%'))
  eventually('the same run', has_said('run hello ' .. id))
  vim.cmd('DhFollow ' .. id)
  eventually('its log', shows('applied'))
end)

test('a binary that is not there', function()
  fresh()
  local client, message = client_module.start({ binary = '/nothing/here' })
  assert(client == nil and message:find('/nothing/here', 1, true) and message:find('quickstart', 1, true), message)
end)

test("a process that is killed is told, and the next command starts another", function()
  fresh()
  local client = dh.client()
  vim.wait(5000, function() return client.ready end)
  local err
  client:request('waitRun', { id = ('f'):rep(32) }, function(e) err = e end)
  eventually('an answer', function() return err end)
  assert(err.kind == 'error' and err.data.code == 'run_not_found', vim.inspect(err))
  err = nil
  vim.cmd([[DhRun! sh args=["-c","sleep\ 60"]\ ]])
  local id = eventually('the id', function() return table.concat(said):match('run (%x+)') end)
  client:request('waitRun', { id = id }, function(e) err = e end)
  vim.loop.kill(client.rpc.pid, 'sigkill')
  eventually('lost', function() return err end)
  assert(err.kind == 'lost' and err.signal == 'SIGKILL', vim.inspect(err))
  vim.cmd('DhDelete ' .. id)
  eventually('another one', has_said(id .. ' DELETED'))
  assert(dh.client() ~= client)
end)

test("the later signature of the editor's client is served too", function()
  local start, has = vim.lsp.rpc.start, vim.fn.has
  local seen
  vim.fn.has = function(feature) return feature == 'nvim-0.10' and 1 or has(feature) end
  vim.lsp.rpc.start = function(command, dispatchers)
    seen = command
    return start(command[1], vim.list_slice(command, 2), dispatchers)
  end
  local client = client_module.start()
  vim.lsp.rpc.start, vim.fn.has = start, has
  local answer, err = client:request_sync('getCapabilities', {})
  assert(answer and answer.platform == 'local', vim.inspect(err))
  assert(seen[1] == '/bin/sh' and #seen == 4, vim.inspect(seen))
  client:close()
  vim.wait(5000, function() return client.gone end)
end)

test('the process leaves with the editor', function()
  local report = vim.fn.tempname()
  vim.fn.system({ 'nvim', '--headless', '-u', 'NONE', '--cmd', 'set rtp+=' .. vim.env.DH_TEST_PLUGIN,
    '-c', 'runtime plugin/dh_sidecar.lua',
    '-c', ('lua local c = require("dh_sidecar").client(); vim.wait(5000, function() return c.ready end); '
      .. 'vim.fn.writefile({ tostring(c.rpc.pid) }, "%s")'):format(report), '-c', 'qall!' })
  local pid = tonumber(vim.fn.readfile(report)[1])
  eventually('gone', function() return vim.loop.kill(pid, 0) ~= 0 end)
end)

test("README's block works as printed", function()
  fresh()
  local readme = table.concat(vim.fn.readfile(vim.env.DH_TEST_PLUGIN .. '/README.md'), '\n')
  local block = assert(readme:match('<!%-%- example: vim %-%->\n```vim\n(.-)```'))
  for line in vim.gsplit(vim.trim(block), '\n') do
    vim.cmd((line:gsub('busybox', image)))
    if line:find('DhCreate') then eventually('created', has_said('function hello ')) end
  end
  eventually('the log', shows('Hello from a container'))
  eventually('the end', shows('state: COMPLETED'))
end)

dh.close()
