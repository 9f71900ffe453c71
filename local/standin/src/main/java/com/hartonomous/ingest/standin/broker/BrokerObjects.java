package com.hartonomous.ingest.standin.broker;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The message types, contracts, queues and services of a database at one moment. Immutable. Names
 * compare byte by byte, except those of queues, which the catalogue of objects resolves.
 */
public final class BrokerObjects {

  /** The message type and contract that every database has. */
  public static final String DEFAULT = "DEFAULT";

  static final String SCHEMA = "http://schemas.microsoft.com/SQL/ServiceBroker/";
  static final String ERROR = SCHEMA + "Error";
  static final String END_DIALOG = SCHEMA + "EndDialog";

  /** A message type; ids below {@value #FIRST_USER_ID} are the system's. */
  public record MessageType(int id, String name, Validation validation) {}

  /** Ids of users' objects begin here. */
  public static final int FIRST_USER_ID = 65_536;

  /** A contract: who may send which message types, by id. */
  public record Contract(int id, String name, Set<Integer> byInitiator, Set<Integer> byTarget) {
    public Contract {
      byInitiator = Set.copyOf(byInitiator);
      byTarget = Set.copyOf(byTarget);
    }
  }

  /**
   * A queue.
   *
   * @param id of its object
   * @param name qualified, as messages show it
   */
  public record Queue(
      int id, String name, boolean receiveEnabled, boolean enqueueEnabled, boolean poisonHandling) {

    /** The table that holds its messages. */
    String table() {
      return BrokerTables.queueTable(id);
    }
  }

  /** A service; the contracts by id are those that others may begin a conversation with. */
  public record Service(int id, String name, int queueId, Set<Integer> contracts) {
    public Service {
      contracts = Set.copyOf(contracts);
    }
  }

  private final boolean enabled;
  private final UUID brokerId;
  private final Map<Integer, MessageType> types = new HashMap<>();
  private final Map<String, MessageType> typesByName = new HashMap<>();
  private final Map<Integer, Contract> contracts = new HashMap<>();
  private final Map<String, Contract> contractsByName = new HashMap<>();
  private final Map<Integer, Queue> queues = new HashMap<>();
  private final Map<Integer, Service> services = new HashMap<>();
  private final Map<String, Service> servicesByName = new HashMap<>();

  BrokerObjects(
      boolean enabled,
      UUID brokerId,
      List<MessageType> allTypes,
      List<Contract> allContracts,
      List<Queue> allQueues,
      List<Service> allServices) {
    this.enabled = enabled;
    this.brokerId = brokerId;
    for (MessageType type : allTypes) {
      types.put(type.id(), type);
      typesByName.put(type.name(), type);
    }
    for (Contract contract : allContracts) {
      contracts.put(contract.id(), contract);
      contractsByName.put(contract.name(), contract);
    }
    for (Queue queue : allQueues) {
      queues.put(queue.id(), queue);
    }
    for (Service service : allServices) {
      services.put(service.id(), service);
      servicesByName.put(service.name(), service);
    }
  }

  /** Whether messages are delivered (ENABLE_BROKER). */
  public boolean isEnabled() {
    return enabled;
  }

  UUID brokerId() {
    return brokerId;
  }

  public Optional<MessageType> type(String name) {
    return Optional.ofNullable(typesByName.get(name));
  }

  MessageType type(int id) {
    return types.get(id);
  }

  public Optional<Contract> contract(String name) {
    return Optional.ofNullable(contractsByName.get(name));
  }

  public Collection<Contract> contracts() {
    return contracts.values();
  }

  Optional<Contract> contract(int id) {
    return Optional.ofNullable(contracts.get(id));
  }

  /** The queue whose object has this id. */
  public Optional<Queue> queue(int id) {
    return Optional.ofNullable(queues.get(id));
  }

  public Optional<Service> service(String name) {
    return Optional.ofNullable(servicesByName.get(name));
  }

  Optional<Service> service(int id) {
    return Optional.ofNullable(services.get(id));
  }

  public Collection<Service> services() {
    return services.values();
  }

  Queue queueOf(int serviceId) {
    Service service = services.get(serviceId);
    Queue queue = service == null ? null : queues.get(service.queueId());
    if (queue == null) {
      throw new IllegalStateException("an endpoint of service " + serviceId + " has no queue");
    }
    return queue;
  }
}
