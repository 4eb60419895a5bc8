// Operations over texts, and what their tests do with them.
// Used by OperationRecordTests and OperationLimitTests.
using Xunit;

namespace Refold.Tests.Operations;

internal static class TextOperation
{
    public static Operation<string, string> Of(Func<OperationContext, string, Task<string>> function) =>
        Operation.Create("op", ShopJson.Default.String, ShopJson.Default.String, function);

    public static Task<string> Call(
        OperationContext fx, string name, Func<Task<string>> call, string request = "", CancellationToken token = default) =>
        fx.CallAsync(name, request, ShopJson.Default.String, (_, inner) => call().WaitAsync(inner), ShopJson.Default.String, token);

    public static async Task MatchesAsync(IJournal journal, params Operation[] operations)
    {
        var report = await journal.ReplayAsync("run", operations);
        Assert.True(report.Matched, report + "\n" + string.Join('\n', report.Findings));
    }
}
