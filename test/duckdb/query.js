// Runs SQL statements, a JSON list on the standard input, one after the other in
// one DuckDB in memory. Prints a JSON list: for each its rows, or its error.
'use strict'
const { readFileSync } = require('node:fs')
const { DuckDBInstance } = require('@duckdb/node-api')

async function main () {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', autoinstall_known_extensions: 'false' })
  const db = await instance.connect()
  const answers = []
  for (const sql of JSON.parse(readFileSync(0, 'utf8'))) {
    try {
      answers.push({ rows: (await db.runAndReadAll(sql)).getRowsJson() })
    } catch (error) {
      answers.push({ error: error.message })
    }
  }
  console.log(JSON.stringify(answers))
}

main()
