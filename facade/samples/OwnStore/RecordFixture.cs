// What RecordJournal hands to the conformance suite.
// Made for each case by Program.cs and by the tests.
using Refold;
using Refold.Testing;

namespace OwnStore;

public sealed class RecordFixture : JournalFixture
{
    private readonly Records records = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override IJournal Open() => RecordJournal.Open(records);

    // What was written is all that a power cut leaves: whatever the journal held besides is gone with it.
    public override bool Crash() => true;
}
