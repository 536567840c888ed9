-- Runs the tests in a headless Neovim and writes JUnit XML: nvim --headless -u NONE -l is not in 0.7, so -c luafile.
-- DH_TEST_PLUGIN: the plugin's folder; DH_TEST_JUNIT: the file to write.

local root = vim.env.DH_TEST_PLUGIN
vim.opt.runtimepath:append(root)
package.path = root .. '/tests/?.lua;' .. package.path
vim.cmd('runtime plugin/dh_sidecar.lua')

local results, failed = {}, 0
local entities = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }
local function escaped(text)
  return (text:gsub('[&<>"]', entities):gsub('[%z\1-\8\11\12\14-\31]', '?'))
end

--- Counts one test.
function _G.test(name, body)
  local ok, message = xpcall(body, function(err)
    return type(err) == 'string' and debug.traceback(err, 2) or vim.inspect(err)
  end)
  io.stdout:write((ok and 'ok      ' or 'NOT OK  ') .. name .. (ok and '' or '\n' .. message) .. '\n')
  io.stdout:flush()
  if not ok then failed = failed + 1 end
  table.insert(results, ('<testcase classname="neovim" name="%s">%s</testcase>'):format(escaped(name),
    ok and '' or ('<failure>' .. escaped(message) .. '</failure>')))
end

local ok, message = pcall(function()
  require('transcripts_test')
  require('plugin_test')
end)
if not ok then test('the tests load', function() error(message, 0) end) end

local file = assert(io.open(vim.env.DH_TEST_JUNIT, 'w'))
file:write(('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>'
  .. '<testsuite name="neovim" tests="%d" failures="%d">\n%s\n'
  .. '</testsuite></testsuites>\n'):format(#results, failed, table.concat(results, '\n')))
file:close()
vim.cmd(failed > 0 and 'cquit 1' or 'qall!')
