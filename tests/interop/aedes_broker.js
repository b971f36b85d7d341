// Aedes on port 1883 of the namespace that it is started in. It keeps sessions and retained messages in its memory.
const aedes = require('aedes')({ queueLimit: 100000, concurrency: 1000 })

require('net').createServer(aedes.handle).listen(1883, '127.0.0.1')
