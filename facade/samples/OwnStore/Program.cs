// Runs the conformance suite over RecordJournal, as a plain program: `dotnet run --project facade/samples/OwnStore`.
// Run by the tests.
using OwnStore;
using Refold.Testing;

var report = await new JournalConformance("records", () => new RecordFixture()).RunAsync();
Console.WriteLine(report);
return report.Holds ? 0 : 1;
