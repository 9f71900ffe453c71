// Checks of tedious against a stand-in: checks.js PORT CERTIFICATE. One line a check; exit 1 if any fails.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const { Connection, Request, TYPES, ISOLATION_LEVEL } = require('tedious');

const PORT = Number(process.argv[2]);
const CERTIFICATE = process.argv[3];

function connect(options = {}, login = {}) {
  return new Promise((resolve, reject) => {
    const connection = new Connection({
      server: 'localhost',
      authentication: {
        type: 'default',
        options: { userName: 'client', password: login.password || 'Secret-1' },
      },
      options: {
        port: PORT,
        database: login.database || 'Clients',
        encrypt: false,
        connectTimeout: 30000,
        requestTimeout: 60000,
        ...options,
      },
    });
    connection.on('error', () => {});
    connection.connect((error) => (error ? reject(error) : resolve(connection)));
  });
}

// All rows of all result sets, and what the request was told.
function run(connection, sql, parameters = [], how = 'execSql') {
  return new Promise((resolve, reject) => {
    const rows = [];
    const outputs = {};
    const request = new Request(sql, (error) => (error ? reject(error) : resolve({ rows, outputs })));
    for (const [name, type, value, options] of parameters) {
      if (options && options.output) {
        request.addOutputParameter(name, type, value, options);
      } else {
        request.addParameter(name, type, value, options);
      }
    }
    request.on('row', (columns) => rows.push(columns.map((column) => column.value)));
    request.on('returnValue', (name, value) => {
      outputs[name] = value;
    });
    connection[how](request);
  });
}

async function failsWith(number, promise) {
  try {
    await promise;
  } catch (error) {
    const found = error.number || (error.cause && error.cause.number);
    assert.ok(found === number || error.code === number, `expected ${number}, found ${found} ${error.code} ${error.message}`);
    return;
  }
  assert.fail(`expected error ${number}, found none`);
}

async function withConnection(body, options) {
  const connection = await connect(options);
  try {
    await body(connection);
  } finally {
    connection.close();
  }
}

const transaction = (connection, step, ...more) =>
  new Promise((resolve, reject) => {
    connection[step]((error) => (error ? reject(error) : resolve()), ...more);
  });

const checks = {
  'wrong password': () => failsWith('ELOGIN', connect({}, { password: 'wrong' })),
  'unknown database': () => failsWith('ELOGIN', connect({}, { database: 'Nowhere' })),
  'NTLM refused': () =>
    assert.rejects(
      new Promise((resolve, reject) => {
        const connection = new Connection({
          server: 'localhost',
          authentication: { type: 'ntlm', options: { userName: 'u', password: 'p', domain: 'D' } },
          options: { port: PORT, encrypt: false, connectTimeout: 30000 },
        });
        connection.on('error', () => {});
        connection.connect((error) => (error ? reject(error) : resolve()));
      }),
      /untrusted domain|Login failed/,
    ),
  'types and parameters': () =>
    withConnection(async (connection) => {
      const all = [
        ['Bit', TYPES.Bit, [true, false]],
        ['TinyInt', TYPES.TinyInt, [0, 255]],
        ['SmallInt', TYPES.SmallInt, [-32768, 32767]],
        ['Int', TYPES.Int, [-2147483648, 2147483647]],
        ['BigInt', TYPES.BigInt, ['-9007199254740991', '9007199254740991']],
        ['Real', TYPES.Real, [-1.5, 0.25]],
        ['Float', TYPES.Float, [-1.7e308, 2.5e-300]],
        ['Decimal(18,4)', TYPES.Decimal, [-12345.6789, 0], { precision: 18, scale: 4 }],
        ['Money', TYPES.Money, [-12345.6789, 0]],
        ['SmallMoney', TYPES.SmallMoney, [-214748.3648, 214748.3647]],
        ['VarChar(20)', TYPES.VarChar, ['', 'grün']],
        ['NVarChar(20)', TYPES.NVarChar, ['', '日本 🙂']],
        ['NVarChar(MAX)', TYPES.NVarChar, ['', 'ж'.repeat(70000)], { length: Infinity }],
        ['VarChar(MAX)', TYPES.VarChar, ['x'.repeat(90000)], { length: Infinity }],
        ['NVarChar(MAX)', TYPES.NText, ['', 'ж'.repeat(5000)]],
        ['VarChar(MAX)', TYPES.Text, ['x'.repeat(9000)]],
        ['VarBinary(MAX)', TYPES.Image, [Buffer.alloc(9000, 7)]],
        ['VarBinary(20)', TYPES.VarBinary, [Buffer.alloc(0), Buffer.from([0, 255])]],
        ['VarBinary(MAX)', TYPES.VarBinary, [Buffer.alloc(90000, 7)], { length: Infinity }],
        ['DateTime', TYPES.DateTime, [new Date('1753-01-01T00:00:00Z'), new Date('2020-02-29T12:30:15.250Z')]],
        ['SmallDateTime', TYPES.SmallDateTime, [new Date('2020-02-29T12:30:00Z')]],
        ['DateTime2(3)', TYPES.DateTime2, [new Date('2020-02-29T12:30:15.123Z')], { scale: 3 }],
        ['DateTimeOffset(3)', TYPES.DateTimeOffset, [new Date('2020-02-29T12:30:15.123Z')], { scale: 3 }],
        ['Date', TYPES.Date, [new Date('2020-02-29T00:00:00Z')]],
        ['UniqueIdentifier', TYPES.UniqueIdentifier, ['00112233-4455-6677-8899-AABBCCDDEEFF']],
      ];
      for (const [index, [name, type, values, options]] of all.entries()) {
        const table = `dbo.Tedious${index}`;
        await run(connection, `IF OBJECT_ID('${table}') IS NOT NULL DROP TABLE ${table}`);
        await run(connection, `CREATE TABLE ${table} (Id INT PRIMARY KEY, V ${name} NULL)`);
        for (const [id, value] of [...values, null].entries()) {
          await run(connection, `INSERT INTO ${table} VALUES (@id, @v)`, [
            ['id', TYPES.Int, id],
            ['v', type, value, options],
          ]);
        }
        const { rows } = await run(connection, `SELECT V FROM ${table} ORDER BY Id`);
        assert.deepStrictEqual(
          rows.map((row) => (row[0] instanceof Date ? row[0].getTime() : row[0])),
          [...values, null].map((value) => (value instanceof Date ? value.getTime() : value)),
          name,
        );
      }
    }),
  'prepared statements': () =>
    withConnection(async (connection) => {
      const request = new Request('SELECT @a * 2 AS n', () => {});
      request.addParameter('a', TYPES.Int);
      const execute = (a) =>
        new Promise((resolve, reject) => {
          let found;
          request.callback = (error) => (error ? reject(error) : resolve(found));
          request.userCallback = request.callback;
          request.removeAllListeners('row');
          request.on('row', (columns) => {
            found = columns[0].value;
          });
          connection.execute(request, { a });
        });
      await new Promise((resolve, reject) => {
        request.userCallback = (error) => (error ? reject(error) : resolve());
        request.once('prepared', resolve);
        connection.prepare(request);
      });
      for (let i = 0; i < 20; i++) {
        assert.strictEqual(await execute(i), 2 * i);
      }
    }),
  procedures: () =>
    withConnection(async (connection) => {
      await run(connection, "IF OBJECT_ID('dbo.Thrice') IS NOT NULL DROP PROCEDURE dbo.Thrice");
      await run(
        connection,
        'CREATE PROCEDURE dbo.Thrice @a INT, @b INT OUTPUT AS BEGIN SET NOCOUNT ON; SET @b = @a * 3; SELECT @b AS n; END',
        [],
        'execSqlBatch',
      );
      const { rows, outputs } = await run(
        connection,
        'dbo.Thrice',
        [
          ['a', TYPES.Int, 14],
          ['b', TYPES.Int, null, { output: true }],
        ],
        'callProcedure',
      );
      assert.deepStrictEqual(rows, [[42]]);
      assert.deepStrictEqual(outputs, { b: 42 });
    }),
  transactions: () =>
    withConnection(async (connection) => {
      await run(connection, "IF OBJECT_ID('dbo.Steps') IS NOT NULL DROP TABLE dbo.Steps");
      await run(connection, 'CREATE TABLE dbo.Steps (Id INT PRIMARY KEY)');
      await transaction(connection, 'beginTransaction', 'one', ISOLATION_LEVEL.READ_COMMITTED);
      await run(connection, 'INSERT INTO dbo.Steps VALUES (1)');
      await transaction(connection, 'saveTransaction', 'half');
      await run(connection, 'INSERT INTO dbo.Steps VALUES (2)');
      await transaction(connection, 'rollbackTransaction', 'half');
      await transaction(connection, 'commitTransaction', 'one');
      await transaction(connection, 'beginTransaction');
      await run(connection, 'INSERT INTO dbo.Steps VALUES (3)');
      await transaction(connection, 'rollbackTransaction');
      assert.deepStrictEqual((await run(connection, 'SELECT Id FROM dbo.Steps')).rows, [[1]]);
    }),
  errors: () =>
    withConnection(async (connection) => {
      await failsWith(208, run(connection, 'SELECT * FROM dbo.Nowhere'));
      await failsWith(8134, run(connection, 'SELECT 1 / 0'));
      await failsWith(50000, run(connection, "RAISERROR(N'own text', 16, 1)", [], 'execSqlBatch'));
      assert.deepStrictEqual((await run(connection, 'SELECT 1')).rows, [[1]]);
    }),
  'bulk load': () =>
    withConnection(async (connection) => {
      await run(connection, "IF OBJECT_ID('dbo.Loaded') IS NOT NULL DROP TABLE dbo.Loaded");
      await run(connection, 'CREATE TABLE dbo.Loaded (Id INT NOT NULL, Name NVARCHAR(50) NULL, Body VARBINARY(MAX) NULL)');
      const count = await new Promise((resolve, reject) => {
        const load = connection.newBulkLoad('dbo.Loaded', {}, (error, rows) => (error ? reject(error) : resolve(rows)));
        load.addColumn('Id', TYPES.Int, { nullable: false });
        load.addColumn('Name', TYPES.NVarChar, { length: 50, nullable: true });
        load.addColumn('Body', TYPES.VarBinary, { length: Infinity, nullable: true });
        const rows = [];
        for (let i = 0; i < 2000; i++) {
          rows.push([i, i % 3 ? `name ${i}` : null, i % 5 ? Buffer.alloc(i, 1) : null]);
        }
        connection.execBulkLoad(load, rows);
      });
      assert.strictEqual(count, 2000);
      const { rows } = await run(connection, 'SELECT COUNT(*), COUNT(Name), COUNT(Body) FROM dbo.Loaded');
      assert.deepStrictEqual(rows, [[2000, 1333, 1600]]);
    }),
  'cancellation and time-out': () =>
    withConnection(
      async (connection) => {
        await failsWith('ETIMEOUT', run(connection, "WAITFOR DELAY '00:00:30'", [], 'execSqlBatch'));
        const pending = run(connection, "WAITFOR DELAY '00:00:30'", [], 'execSqlBatch');
        setTimeout(() => connection.cancel(), 300);
        await failsWith('ECANCEL', pending);
        assert.deepStrictEqual((await run(connection, 'SELECT 1')).rows, [[1]]);
      },
      { requestTimeout: 2000 },
    ),
  'reset of the connection': () =>
    withConnection(async (connection) => {
      await run(connection, 'CREATE TABLE #Gone (Id INT)', [], 'execSqlBatch');
      await transaction(connection, 'reset');
      await failsWith(208, run(connection, 'SELECT * FROM #Gone'));
    }),
  TLS: () =>
    withConnection(
      async (connection) => {
        const { rows } = await run(connection, "SELECT REPLICATE(CAST('x' AS VARCHAR(MAX)), 100000)");
        assert.strictEqual(rows[0][0].length, 100000);
      },
      { encrypt: true, trustServerCertificate: false, cryptoCredentialsDetails: { ca: fs.readFileSync(CERTIFICATE) } },
    ),
};

(async () => {
  let failures = 0;
  for (const version of ['7_1', '7_2', '7_3_A', '7_3_B', '7_4']) {
    checks[`login ${version}`] = () =>
      withConnection(
        async (connection) => {
          const { rows } = await run(connection, "SELECT 1, CAST(NULL AS INT), N'é'", [], 'execSqlBatch');
          assert.deepStrictEqual(rows, [[1, null, 'é']]);
        },
        { tdsVersion: version },
      );
  }
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`tedious ${name}: ok`);
    } catch (error) {
      failures++;
      console.log(`tedious ${name}: FAILED ${String(error.stack || error).slice(0, 600)}`);
    }
  }
  process.exit(failures ? 1 : 0);
})();
