'use strict';

// A program that ends: it asks for a URL and prints the answer.
require('node:http').get(process.argv[2], (res) => res.pipe(process.stdout));
