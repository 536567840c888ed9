-- All transcripts, but those of which README.md says why not.

local transcripts = require('transcripts')
local folder = vim.fn.fnamemodify(vim.env.DH_TEST_PLUGIN .. '/../../transcripts', ':p')
local left_out = { ['cancelled-by-server'] = true }

for _, path in ipairs(vim.fn.glob(folder .. '*.json', true, true)) do
  local name = vim.fn.fnamemodify(path, ':t:r')
  if not left_out[name] then
    test('transcript ' .. name, function() transcripts.replay(path, folder .. 'replay') end)
  end
end

test('a transcript that the client does not keep to is noticed', function()
  local transcript = vim.fn.tempname()
  vim.fn.writefile({ '{"server": [{"expect": "getRun"}], "client": [{"call": "getTask", "as": "a"}]}' }, transcript)
  local ok = pcall(transcripts.replay, transcript, folder .. 'replay')
  assert(not ok, 'nothing was noticed')
end)
