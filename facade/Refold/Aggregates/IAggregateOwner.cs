// What has an aggregate in it, such as a machine.
// Asked by AggregateMembers, so that the public member of a program counts as its aggregate.
namespace Refold;

internal interface IAggregateOwner
{
    /// <summary>The aggregate.</summary>
    Aggregate Aggregate { get; }
}
